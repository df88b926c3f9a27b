"""Templates: there, in every language, readable, and showing what they must."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from dsl.checks.sends import is_address, no_address
from dsl.checks.service_links import check_service_links
from dsl.checks.template_parts import check_parts
from dsl.checks.template_uses import SAME_IN_ALL, Sending, Sent, check_use
from dsl.draft import Draft
from dsl.found.finding import Finding, Severity, Span
from dsl.found.source import error, warning
from dsl.meaning.names import nearest, unknown
from dsl.nodes.flows import Send
from dsl.nodes.heads import FlowTopic
from dsl.templates.facts import Reading, layout_of, parts_of
from dsl.templates.files import PROOF, TemplateFile, place_in
from dsl.templates.images import picture_faults
from dsl.templates.mjml import mjml_faults
from dsl.templates.text import Strange, Text, read_text
from dsl.templates.values import KEPT, Use

_PROOF_LINKS = ("confirm", "refuse")
_LARGE = 90_000  # bytes
_OURS = {
    "filter": "Templates have `money`, `date`, `time` and `default`.",
    "test": "Templates have `is defined`.",
    "style of a date": 'Dates are `date("long")`, `date("short")` or `date("weekday")`.',
}
_OWED = (
    (
        "E505",
        "links.unsubscribe",
        "the link to unsubscribe",
        '<a href="{{ links.unsubscribe }}">Unsubscribe</a>',
    ),
    ("E509", "sender.imprint", "who sends it", "{{ sender.imprint }}"),
)
"""What every marketing mail shows: the code if it does not, the value, its name, and how it is written."""


def check_templates(draft: Draft) -> Iterator[Finding]:
    """Everything about templates; a fault that several mails share is reported once."""
    sent = _sent(draft)
    for step in [each.step for usage in sent.values() for each in usage.sends]:
        if step.template.text and step.template.text not in draft.templates.names:
            yield unknown(
                "E501",
                "template",
                step.template,
                draft.templates.names,
                f"Create the file `templates/{step.template.text}.html`.",
            )
    yield from _owed(sent, draft)
    yield from check_parts(draft, sent)
    yield from check_service_links(draft, sent)
    found: dict[Span, Finding] = {}
    asked: set[Use] = set()
    for finding in _texts(draft):
        found.setdefault(finding.span, finding)
    for name in sorted(draft.templates.names):
        usage = sent.get(name)
        yield from _languages(name, usage is not None or name == PROOF, draft)
        for file in draft.templates.variants(name):
            reading = draft.readings.of(file)
            for finding in _asked(name, reading, usage, draft, asked):
                told = found.get(finding.span)
                if told is None or (told.code == "W207" and finding.severity is Severity.ERROR):
                    found[finding.span] = finding
            if reading.readable:
                yield from _facts(name, reading, usage, draft)
    yield from found.values()


def _sent(draft: Draft) -> dict[str, Sent]:
    found: dict[str, Sent] = {}
    for flow in draft.flows:
        topic = next((head.topic.text for head in flow.heads if isinstance(head, FlowTopic)), "")
        for standing in draft.standings(flow):
            step = standing.step
            if isinstance(step, Send):
                usage = found.setdefault(step.template.text, Sent())
                purpose = draft.names.purpose(step.topic.text if step.topic else topic)
                service = purpose == "service"
                usage.sends.append(Sending(flow, step, standing.scope, draft.contact_type, service))
                usage.marketing = usage.marketing or purpose == "marketing"
                usage.service = usage.service or service
    return found


def _languages(name: str, used: bool, draft: Draft) -> Iterator[Finding]:
    variants = draft.templates.variants(name)
    spoken = {file.language for file in variants}
    first = variants[0]
    default = draft.languages[0]
    for one, other in pairwise(sorted(variants, key=lambda file: (file.language, file.kind))):
        if one.language == other.language and {one.kind, other.kind} == {"html", "mjml"}:
            yield error(
                "E517",
                place_in(other.path, draft.templates, 1),
                f"The mail is written in `templates/{one.path}` already.",
                "Delete one of the two files.",
            )
    if default not in spoken:
        yield error(
            "E502",
            place_in(first.path, draft.templates, 1),
            f"The template `{name}` has no text in `{default}`, the first language of the project.",
            f"Add the file `templates/{name}.{first.kind}`.",
        )
    elif used and (missing := [each for each in draft.languages if each not in spoken]):
        listed = ", ".join(f"`{each}`" for each in missing)
        main = next(file for file in variants if file.language == default)
        yield warning(
            "W204",
            place_in(main.path, draft.templates, 1),
            f"The template `{name}` has no text in {listed}; people get it in `{default}`.",
            f"Add the file `templates/{name}.{missing[0]}.{main.kind}`.",
        )


def _facts(name: str, reading: Reading, usage: Sent | None, draft: Draft) -> Iterator[Finding]:
    place = place_in(reading.file.path, draft.templates, 1)
    if name == PROOF:
        for link in _PROOF_LINKS:
            if f"links.{link}" not in reading.shown:
                yield error(
                    "E510",
                    place,
                    f"The proof mail does not always show `links.{link}`.",
                    f"Write `{{{{ links.{link} }}}}` where no condition, filter or style can hide it.",
                )
    if reading.size > _LARGE:
        yield warning(
            "W222",
            place,
            f"This mail has {reading.size // 1000} kB before anything is filled in; Gmail cuts off what is "
            "beyond 102, and the link to unsubscribe with it.",
            "Make it shorter, and its styles fewer.",
        )
    if reading.recommends and (name == PROOF or (usage and usage.service)):
        yield error(
            "E514",
            place,
            "A mail for service recommends products, which makes it an advertisement.",
            "Leave `recommend` out, or send the mail on a topic for marketing.",
        )


def _owed(sent: Mapping[str, Sent], draft: Draft) -> Iterator[Finding]:
    """Marketing mails that do not always show what they owe to people. Where all mails of a layout lack it,
    that is told once, at the layout."""
    mails = [
        reading
        for name in sorted(draft.templates.names)
        if name != PROOF and name in sent and sent[name].marketing
        for reading in map(draft.readings.of, draft.templates.variants(name))
        if reading.readable
    ]
    layouts: dict[str, list[Reading]] = {}
    for reading in mails:
        layout = layout_of(reading.file, draft.templates)
        layouts.setdefault(layout.path if layout else "", []).append(reading)
    for code, value, what, written in _OWED:
        for path, readings in layouts.items():
            lacking = [each for each in readings if value not in each.shown]
            shared = path and len(lacking) > 1 and len(lacking) == len(readings)
            for at in [path] if shared else [each.file.path for each in lacking]:
                yield error(
                    code,
                    place_in(at, draft.templates, 1),
                    f"The {len(lacking)} marketing mails in this layout do not always show {what}."
                    if shared
                    else f"This marketing mail does not always show {what}.",
                    f"Write `{written}` where no condition, filter or style can hide it.",
                )


def _asked(
    name: str, reading: Reading, usage: Sent | None, draft: Draft, asked: set[Use]
) -> Iterator[Finding]:
    """Faults of the files that a variant is made from, and of the values that it asks for. `asked` are those
    that have been looked at, and mean the same in every mail."""
    for fault in reading.faults:
        place = place_in(fault.file, draft.templates, fault.line, *fault.words)
        told = warning if fault.code.startswith("W") else error
        yield told(fault.code, place, fault.message, fault.help)
    for use in reading.uses:
        if use in asked:
            continue
        if name != PROOF and use.path[0] in SAME_IN_ALL:
            asked.add(use)
        yield from check_use(name, use, usage, draft)


def _texts(draft: Draft) -> Iterator[Finding]:
    """What is wrong with the texts of each file by itself."""
    for file in draft.templates.files:
        for key in ("from", "reply_to"):
            if key in file.header and not is_address(file.header[key]):
                place = place_in(file.path, draft.templates, file.header_lines[key], file.header[key])
                yield no_address(place, f"{key}: Anna of Kafija <anna@kafija.example>")
        for fault in picture_faults(file):
            place = place_in(fault.file, draft.templates, fault.line, *fault.words)
            yield warning(fault.code, place, fault.message, fault.help)
        yield from _mjml(file, draft)
        for written, line in _pieces(file):
            text = read_text(written)
            if text.tree is None:
                place = place_in(file.path, draft.templates, line + text.line - 1)
                yield error("E503", place, "The braces of this template cannot be read here.", _reason(text))
                continue
            for strange in text.strange:
                yield _strange(
                    strange, place_in(file.path, draft.templates, line + strange.line - 1, strange.name)
                )
            for name, at in text.given:
                if name in KEPT:
                    yield error(
                        "E511",
                        place_in(file.path, draft.templates, line + at - 1, name),
                        f"`{name}` means something else already.",
                        f"Take another name for it, as in `my_{name}`.",
                    )


def _mjml(file: TemplateFile, draft: Draft) -> Iterator[Finding]:
    """Faults of the tags; only where there are none, that the whole cannot be laid out."""
    if file.kind != "mjml":
        return
    faults = mjml_faults(file)
    for fault in faults:
        place = place_in(fault.file, draft.templates, fault.line, *fault.words)
        yield error(fault.code, place, fault.message, fault.help)
    if file.partial or faults or any(mjml_faults(each) for each in parts_of((file,), draft.templates)):
        return
    if draft.readings.laid_out(file).file is None:
        yield error(
            "E516",
            place_in(file.path, draft.templates, file.line),
            "This mail cannot be laid out: its tags are not where MJML wants them.",
            "A mail is `<mjml><mj-body><mj-section><mj-column><mj-text>Hello</mj-text>`, each tag closed.",
        )


def _pieces(file: TemplateFile) -> Iterator[tuple[str, int]]:
    """The texts of a file that Jinja reads, with the lines on which they begin."""
    for key, text in file.header.items():
        yield text, file.header_lines[key]
    yield file.body, file.line


def _reason(text: Text) -> str:
    if any(word in text.fault for word in ("endif", "endfor", "endblock", "endmacro", "end of")):
        return "Close what is open: `{{ … }}`, `{% if … %} … {% endif %}`, `{% for … %} … {% endfor %}`."
    return "Write values as `{{ contact.first_name }}`, conditions as `{% if … %} … {% endif %}`."


def _strange(strange: Strange, place: Span) -> Finding:
    close = nearest(strange.name, strange.known)
    return error(
        "E507",
        place,
        f"There is no {strange.what} `{strange.name}`.",
        f"Write `{close}`." if close else _OURS[strange.what],
    )
