"""Templates: there, in every language, readable, and asking only for what they get."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import jinja2
from jinja2 import nodes as j

from dsl.draft import Draft
from dsl.finding import Finding, Span
from dsl.names import CONTACT_ALWAYS, nearest, unknown
from dsl.nodes import Flow, FlowTopic, Send
from dsl.scope import Scope
from dsl.source import error, warning
from dsl.template_facts import FILTERS, always_shown, parsed, parts_of, references, renamed
from dsl.template_files import PROOF, TemplateFile
from dsl.template_uses import Use, uses

_FILTERS = frozenset((*jinja2.Environment().filters, *FILTERS))
_TESTS = frozenset(jinja2.Environment().tests)
_LINKS = ("unsubscribe", "preferences")
_PROOF_LINKS = ("confirm", "refuse")
_SENDER = ("name", "imprint")
_ALWAYS = ("contact", "links", "sender", "language", "time_zone", "preheader")
_NOT_YET = (("recommend",), ("links", "browser"), ("contact", "email"))
_KNOWN_FOR_SURE = ("id", "email_domain", "created_at", "language")
_UNSUBSCRIBE = '<a href="{{ links.unsubscribe }}">Unsubscribe</a>'
_IMPRINT = "{{ sender.imprint }}"


@dataclass(slots=True)
class _Sent:
    """How the flows send a template."""

    marketing: bool = False
    sends: list[tuple[Flow, Send, Scope]] = field(default_factory=list)


def check_templates(draft: Draft) -> Iterator[Finding]:
    """Everything about templates; a fault that several sends share is reported once."""
    sent = _sent(draft)
    for _, step, _ in [each for usage in sent.values() for each in usage.sends]:
        if step.template.text and step.template.text not in draft.templates.names:
            yield unknown(
                "E501",
                "template",
                step.template,
                draft.templates.names,
                f"Create the file `templates/{step.template.text}.html`.",
            )
    for name in sorted(draft.templates.names):
        usage = sent.get(name)
        yield from _languages(name, usage is not None or name == PROOF, draft)
        yield from _facts(name, usage, draft)
    found: dict[Span, Finding] = {}
    for finding in _texts(draft, sent):
        found.setdefault(finding.span, finding)
    yield from found.values()


def _sent(draft: Draft) -> dict[str, _Sent]:
    found: dict[str, _Sent] = {}
    for flow in draft.flows:
        topic = next((head.topic.text for head in flow.heads if isinstance(head, FlowTopic)), "")
        for standing in draft.standings(flow):
            step = standing.step
            if isinstance(step, Send):
                usage = found.setdefault(step.template.text, _Sent())
                usage.sends.append((flow, step, standing.scope))
                purpose = draft.names.purpose(step.topic.text if step.topic else topic)
                usage.marketing = usage.marketing or purpose == "marketing"
    return found


def _languages(name: str, used: bool, draft: Draft) -> Iterator[Finding]:
    variants = draft.templates.variants(name)
    spoken = {file.language for file in variants}
    first = variants[0]
    default = draft.languages[0]
    if default not in spoken:
        yield error(
            "E502",
            _at(first, draft, 1),
            f"The template `{name}` has no text in `{default}`, the first language of the project.",
            f"Add the file `templates/{name}.{first.kind}`.",
        )
    elif used and (missing := [each for each in draft.languages if each not in spoken]):
        listed = ", ".join(f"`{each}`" for each in missing)
        ending = next(file.kind for file in variants if file.language == default)
        yield warning(
            "W204",
            _at(next(file for file in variants if file.language == default), draft, 1),
            f"The template `{name}` has no text in {listed}; people get it in `{default}`.",
            f"Add the file `templates/{name}.{missing[0]}.{ending}`.",
        )


def _facts(name: str, usage: _Sent | None, draft: Draft) -> Iterator[Finding]:
    for file in draft.templates.variants(name):
        shown = always_shown(file, draft.templates)
        if not shown and not _readable(file):
            continue
        place = _at(file, draft, 1)
        if name == PROOF:
            for link in _PROOF_LINKS:
                if f"links.{link}" not in shown:
                    yield error(
                        "E510",
                        place,
                        f"The proof mail does not always show `links.{link}`.",
                        f"Write `{{{{ links.{link} }}}}` where no condition, filter or style can hide it.",
                    )
        elif usage and usage.marketing:
            if "links.unsubscribe" not in shown:
                yield error(
                    "E505",
                    place,
                    "This marketing mail does not always show the link to unsubscribe.",
                    f"Write `{_UNSUBSCRIBE}` where no condition, filter or style can hide it.",
                )
            if "sender.imprint" not in shown:
                yield error(
                    "E509",
                    place,
                    "This marketing mail does not always show who sends it.",
                    f"Write `{_IMPRINT}` where no condition, filter or style can hide it.",
                )


def _readable(file: TemplateFile) -> bool:
    try:
        parsed(file.body)
    except jinja2.TemplateSyntaxError:
        return False
    return True


def _texts(draft: Draft, sent: Mapping[str, _Sent]) -> Iterator[Finding]:
    for name in sorted(draft.templates.names):
        variants = draft.templates.variants(name)
        for file in (*variants, *parts_of(variants, draft.templates)):
            yield from _references(file, draft)
            for text, line in _pieces(file):
                try:
                    tree = parsed(text)
                    yield from _words(tree, file, line, draft)
                    yield from _renamed(tree, file, line, draft)
                    asked = list(uses(tree))
                except jinja2.TemplateSyntaxError as fault:
                    yield error(
                        "E503",
                        _at(file, draft, line + fault.lineno - 1),
                        "The braces of this template cannot be read here.",
                        _reason(fault),
                    )
                    continue
                for use in asked:
                    yield from _use(name, use, file, line, sent.get(name), draft)


def _pieces(file: TemplateFile) -> Iterator[tuple[str, int]]:
    """The texts of a file that Jinja reads, with the lines on which they begin."""
    for key, text in file.header.items():
        yield text, file.header_lines[key]
    yield file.body, file.line


def _reason(fault: jinja2.TemplateSyntaxError) -> str:
    message = fault.message or ""
    if "endif" in message or "endfor" in message or "endblock" in message or "end of" in message:
        return "Close what is open: `{{ … }}`, `{% if … %} … {% endif %}`, `{% for … %} … {% endfor %}`."
    return "Write values as `{{ contact.first_name }}`, conditions as `{% if … %} … {% endif %}`."


def _references(file: TemplateFile, draft: Draft) -> Iterator[Finding]:
    for path, line in references(file):
        if draft.templates.file(path) is None:
            known = [each.path for each in draft.templates.files]
            close = nearest(path, known)
            yield error(
                "E508",
                _at(file, draft, file.line + line - 1, path),
                f"There is no file `templates/{path}`.",
                f"Write `{close}`." if close else f"Create the file `templates/{path}`.",
            )
    try:
        tree = parsed(file.body)
    except jinja2.TemplateSyntaxError:
        return
    for node in tree.find_all(j.Stmt):
        if isinstance(node, j.Extends | j.Include | j.Import | j.FromImport) and not isinstance(
            node.template, j.Const | j.List | j.Tuple
        ):
            yield error(
                "E508",
                _at(file, draft, file.line + node.lineno - 1),
                "The file to bring in is not named.",
                'Write its name in quotes, as in `{% include "_footer.html" %}`.',
            )


def _words(tree: j.Template, file: TemplateFile, line: int, draft: Draft) -> Iterator[Finding]:
    """Filters and tests that there are not; each gets a known name then, so that the tree can be read on."""
    for node in tree.find_all((j.Filter, j.Test)):
        assert isinstance(node, j.Filter | j.Test)
        what, known, harmless = (
            ("filter", _FILTERS, "string") if isinstance(node, j.Filter) else ("test", _TESTS, "defined")
        )
        if node.name in known:
            continue
        close = nearest(node.name, known)
        yield error(
            "E507",
            _at(file, draft, line + node.lineno - 1, node.name),
            f"There is no {what} `{node.name}`.",
            f"Write `{close}`." if close else "Templates have `money`, `date`, `time` and `default`.",
        )
        node.name = harmless


def _renamed(tree: j.Template, file: TemplateFile, line: int, draft: Draft) -> Iterator[Finding]:
    """`links` and `sender` mean the same in every mail, or nobody could tell what a mail shows."""
    for name, at in renamed(tree):
        if name in ("links", "sender"):
            yield error(
                "E511",
                _at(file, draft, line + at - 1, name),
                f"`{name}` means something else already.",
                f"Take another name for it, as in `my_{name}`.",
            )


def _use(
    template: str, use: Use, file: TemplateFile, line: int, usage: _Sent | None, draft: Draft
) -> Iterator[Finding]:
    shown = ".".join(use.path)
    place = _at(file, draft, line + use.line - 1, shown, use.path[-1], use.path[0])
    for later in _NOT_YET:
        if use.path[: len(later)] == later:
            yield error(
                "E110",
                place,
                f"`{'.'.join(later)}` is not supported yet.",
                "Leave it out in this version of Virta.",
            )
            return
    if template == PROOF:
        yield from _fixed(
            use, {"links": _PROOF_LINKS, "sender": _SENDER, "wording": (), "language": ()}, place
        )
        return
    root = use.path[0]
    if root in ("links", "sender"):
        yield from _fixed(use, {"links": _LINKS, "sender": _SENDER}, place)
    elif root == "contact":
        yield from _contact(use, place, draft)
    elif use.called:
        yield error(
            "E504", place, f"A template has no function `{shown}`.", "Give the value with `with` in the flow."
        )
    elif root not in _ALWAYS:
        for flow, step, scope in usage.sends if usage else ():
            yield from _given(use, flow, step, scope, place)


def _fixed(use: Use, known: Mapping[str, tuple[str, ...]], place: Span) -> Iterator[Finding]:
    root, rest = use.path[0], use.path[1:]
    if root not in known:
        close = nearest(root, known)
        yield error(
            "E504",
            place,
            f"`{root}` is not known in this mail.",
            f"Write `{close}`."
            if close
            else "Known are `wording`, `links.confirm`, `links.refuse` and `sender`.",
        )
    elif known[root] and rest and rest[0] not in known[root]:
        close = nearest(rest[0], known[root])
        listed = ", ".join(f"`{root}.{each}`" for each in known[root])
        yield error(
            "E504",
            place,
            f"There is no `{root}.{rest[0]}`.",
            f"Write `{root}.{close}`." if close else f"Known are {listed}.",
        )


def _contact(use: Use, place: Span, draft: Draft) -> Iterator[Finding]:
    if len(use.path) < 2:
        return
    name = use.path[1]
    if draft.names.attribute(name) is None:
        known = (*draft.names.attributes, *CONTACT_ALWAYS)
        close = nearest(name, known)
        yield error(
            "E504",
            place,
            f"There is no attribute `{name}`.",
            f"Write `contact.{close}`." if close else f"Declare it below `contact`: `{name} text`.",
        )
    elif not use.guarded and name not in _KNOWN_FOR_SURE:
        yield warning(
            "W207",
            place,
            f"`contact.{name}` may be unknown, and then there is nothing to show.",
            f'Write `{{{{ contact.{name} | default("friend") }}}}`, with a word that fits.',
        )


def _given(use: Use, flow: Flow, step: Send, scope: Scope, place: Span) -> Iterator[Finding]:
    root = use.path[0]
    fields = {"trigger": scope.trigger, "received": scope.received}.get(root)
    whose = (
        f"the mail `{step.template.text}` in {f'the flow `{flow.name.text}`' if flow.name.text else 'a flow'}"
    )
    if root in ("trigger", "received"):
        if fields is None and (root == "received" or scope.no_trigger):
            yield error(
                "E504",
                place,
                f"`{root}` is not known in {whose}.",
                f"Give the value with `with`: `send {step.template.text} with {use.path[-1]} …`.",
            )
        elif fields is not None and len(use.path) > 1 and use.path[1] not in fields:
            close = nearest(use.path[1], fields)
            yield error(
                "E504",
                place,
                f"There is no `{root}.{use.path[1]}` in {whose}.",
                f"Write `{root}.{close}`." if close else "",
            )
        return
    given = [name.text for name, _ in step.values]
    if root in given:
        return
    close = nearest(root, (*given, *_ALWAYS, "trigger"))
    yield error(
        "E504",
        place,
        f"`{root}` is not given to {whose}.",
        f"Write `{close}`." if close else f"Give it: `send {step.template.text} with {root} …`.",
    )


def _at(file: TemplateFile, draft: Draft, line: int, *words: str) -> Span:
    """The place of the first of the words that stands in a line of a file, else the whole line."""
    source = draft.templates.sources[file.path]
    text = source.lines[line - 1] if 0 < line <= len(source.lines) else ""
    for word in words:
        if found := re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text):
            return source.span(line, found.start() + 1, found.end() + 1)
    return source.span(line, 1, max(len(text), 1) + 1)
