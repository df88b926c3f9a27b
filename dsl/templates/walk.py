"""A template read as it is rendered: layouts, parts and macros brought in, whatever the values will be."""

from collections.abc import Iterable

from jinja2 import nodes as j
from msgspec.structs import replace

from dsl.meaning.names import nearest
from dsl.templates import shown
from dsl.templates.arguments import arguments, takes
from dsl.templates.expressions import Expressions
from dsl.templates.files import TemplateFile, Templates
from dsl.templates.layouts import lost
from dsl.templates.proofs import certain
from dsl.templates.text import read_text
from dsl.templates.values import (
    MADE,
    Caller,
    Fault,
    Group,
    Groups,
    Macro,
    Module,
    Outside,
    Place,
    Round,
    Rows,
    Value,
    Words,
    joined,
    loop_names,
)

_DEEPEST = 20


class Walk:
    """One walk through a variant. What it asks for gathers in `expressions`, what is wrong in `faults`;
    `readable` is over as soon as one of its texts is not. `marketing`: it is read as marketing mail, in which
    links to unsubscribe are, or else as mail without them."""

    def __init__(self, templates: Templates, language: str, marketing: bool = True) -> None:
        self.expressions = Expressions(self)
        self.faults: dict[Fault, None] = {}
        self.readable = True
        self._templates = templates
        self._language = language
        self._marketing = marketing

    def header(self, file: TemplateFile) -> None:
        """The texts of the header."""
        for key, text in file.header.items():
            tree = read_text(text).tree
            if tree is not None:
                self.write(tree.body, Place(file, file.header_lines[key], {}))

    def file(self, file: TemplateFile, place: Place | None = None) -> str:
        """The text of a file with the files that it is made from, as `shown` reads it."""
        place = place or Place(file, file.line, {})
        if file.path in place.within or len(place.within) > _DEEPEST:
            self._endless(place, 1, (file.path, file.name), f"`templates/{file.path}`")
            return ""
        text = read_text(file.body)
        if text.tree is None:
            self.readable = False
            return ""
        blocks = dict(place.blocks)
        place = replace(place, file=file, line=file.line, within=(*place.within, file.path))
        for block in text.statements:
            if isinstance(block, j.Block):
                if any(each is file for _, each in blocks.get(block.name, ())):
                    self._twice(place, block.lineno, f"The block `{block.name}`", block.name)
                blocks[block.name] = (*blocks.get(block.name, ()), (block, file))
        place = replace(place, blocks=blocks, outer=place.names)
        layouts = [each for each in text.statements if isinstance(each, j.Extends)]
        for each in layouts[1:]:
            self._twice(place, each.lineno, "The layout", "extends")
        layout = next(iter(layouts), None)
        if layout is None:
            return self.write(text.tree.body, place)
        kept = (j.Assign, j.AssignBlock, j.Import, j.FromImport, j.Macro)
        self.write([node for node in text.tree.body if isinstance(node, kept)], place)
        part = self._named(layout.template, layout.lineno, place)
        if part is None:
            return ""
        for found in lost(text.tree, layout, part, self._templates, self._language):
            self.fault(place, found.line, found.code, found.words, found.message, found.help)
        return self.file(part, place)

    def write(self, body: Iterable[j.Node], place: Place) -> str:
        """The text that these nodes give."""
        return "".join([self._node(node, place) for node in body])

    def fault(
        self, place: Place, line: int, code: str, words: tuple[str, ...], message: str, help: str = ""
    ) -> None:
        """Something is wrong on a line of the text at hand."""
        self.faults[Fault(code, place.file.path, place.line + line - 1, words, message, help)] = None

    def call(self, macro: Macro, node: j.Call, place: Place, caller: Caller | None = None) -> str:
        """The text of a macro with these arguments."""
        given = arguments(macro, node, place, self.expressions, self.fault)
        mark = f"{macro.file.path}:{macro.node.lineno}:{macro.node.name}"
        if mark in place.within:
            name = macro.node.name
            self._endless(place, node.lineno, (name,), f"The macro `{name}`")
            return ""
        if len(place.within) > _DEEPEST:
            return ""
        inside = replace(
            place,
            file=macro.file,
            line=macro.file.line,
            names={**macro.names, **given},
            within=(*place.within, mark),
            caller=caller,
        )
        return self.write(macro.node.body, inside)

    def above(self, place: Place, line: int) -> str:
        """What `super()` gives: the block of the same name in the layout."""
        name, rank = place.block
        bodies = place.blocks.get(name, ())
        if rank + 1 < len(bodies):
            return self._block(name, rank + 1, place)
        message = "`super()` is what the layout has in this block, and there is nothing."
        self.fault(place, line, "E524", ("super",), message, "Leave it out.")
        return ""

    def _twice(self, place: Place, line: int, what: str, word: str) -> None:
        help = "Delete one of the two, or give it another name."
        self.fault(place, line, "E523", (word,), f"{what} stands here twice.", help)

    def _endless(self, place: Place, line: int, words: tuple[str, ...], what: str) -> None:
        message = f"{what} brings itself in, without end."
        help = "Leave that out; to repeat something, write `{% for item in … %}`."
        self.fault(place, line, "E519", words, message, help)

    # nodes

    def _node(self, node: j.Node, place: Place) -> str:
        match node:
            case j.Output():
                return "".join([self._put_out(each, place) for each in node.nodes])
            case j.Block() if len(place.within) <= _DEEPEST:
                return self._block(node.name, 0, place)
            case j.Include():
                return self._include(node, place)
            case j.If():
                return self._choice(node, place)
            case j.For():
                return self._loop(node, place)
            case j.With():
                inside = place.apart(sure=True)
                for target, given in zip(node.targets, node.values, strict=True):
                    self._assign(target, self.expressions.handed(given, place), inside)
                return self.write(node.body, inside)
            case j.Scope() | j.ScopedEvalContextModifier():
                return self.write(node.body, place.apart(sure=True))
            case j.FilterBlock():
                self.expressions.value(node.filter, place)
                return self._maybe(self.write(node.body, place.apart()))
            case j.CallBlock():
                return self._call_block(node, place)
            case j.Macro():
                place.names[node.name] = Macro(node, place.file, place.names)
            case j.Assign():
                self._assign(node.target, self.expressions.handed(node.node, place), place)
            case j.AssignBlock():
                self.write(node.body, place.apart())
                self._assign(node.target, MADE, place)
            case j.Import() | j.FromImport():
                self._import(node, place)
        return ""

    def _block(self, name: str, rank: int, place: Place) -> str:
        bodies = place.blocks.get(name, ())
        if rank >= len(bodies):
            return ""
        block, file = bodies[rank]
        inside = replace(
            place.apart(sure=True), file=file, line=file.line, block=(name, rank), within=(*place.within, "")
        )
        if not block.scoped:
            inside = replace(inside, names=dict(place.outer))
        text = self.write(block.body, inside)
        return text if file is place.file else f"{shown.SEAM}{text}{shown.SEAM}"

    def _include(self, node: j.Include, place: Place) -> str:
        named = node.template.items if isinstance(node.template, j.List | j.Tuple) else [node.template]
        lenient = node.ignore_missing or len(named) > 1
        for each in named:
            part = self._named(each, node.lineno, place, lenient)
            if part:
                names = dict(place.names) if node.with_context else {}
                return self.file(part, replace(place, names=names, blocks={}))
        return ""

    def _import(self, node: j.Import | j.FromImport, place: Place) -> None:
        """Macros see what the mail sees, as if each import were written `with context`."""
        part = self._named(node.template, node.lineno, place)
        module = dict(place.names)
        before = set(module)
        if part and part.kind == "mjml":
            self.fault(
                place,
                node.lineno,
                "E521",
                (part.path,),
                f"`templates/{part.path}` is MJML, which is laid out before macros are.",
                "Write the macros as HTML, in a file that ends in `.html`.",
            )
        if part:
            self.file(part, replace(place, names=module, blocks={}, sure=False))
        given = {
            name: each for name, each in module.items() if name not in before or each is not place.names[name]
        }
        if isinstance(node, j.Import):
            place.names[node.target] = Module(part.path, given) if part else MADE
            return
        for each in node.names:
            name, alias = (each, each) if isinstance(each, str) else each
            place.names[alias] = given.get(name, MADE)
            if part and name not in given:
                close = nearest(name, given)
                self.fault(
                    place,
                    node.lineno,
                    "E520",
                    (name,),
                    f"`templates/{part.path}` has no macro `{name}`.",
                    f"Write `{close}`."
                    if close
                    else f"Write it there: `{{% macro {name}() %}} … {{% endmacro %}}`.",
                )

    def _named(self, node: j.Node, line: int, place: Place, lenient: bool = False) -> TemplateFile | None:
        """The file that a name in quotes means, in the language of the mail."""
        if not (isinstance(node, j.Const) and isinstance(node.value, str)):
            self.fault(
                place,
                line,
                "E522",
                (),
                "The file to bring in is not named.",
                'Write its name in quotes, as in `{% include "_footer.html" %}`.',
            )
            return None
        found = self._templates.file(node.value, self._language)
        kinds = (place.file.kind, found.kind) if found is not None else ("", "")
        if kinds[0] != kinds[1] and kinds[1] in ("mjml", "txt"):
            what = "MJML" if kinds[1] == "mjml" else "plain text"
            self.fault(
                place,
                line,
                "E521",
                (node.value,),
                f"`templates/{node.value}` is {what}, which only a mail in {what} can bring in.",
                "Write that part as HTML, in a file that ends in `.html`.",
            )
        if found is None and not lenient:
            close = nearest(node.value, [each.path for each in self._templates.files])
            self.fault(
                place,
                line,
                "E508",
                (node.value,),
                f"There is no file `templates/{node.value}`.",
                f"Write `{close}`." if close else f"Create the file `templates/{node.value}`.",
            )
        return found

    def _choice(self, node: j.If, place: Place) -> str:
        """All arms one after another, so that what one of them hides is hidden; words count if each arm has
        some. Where it is sure which arm is shown, that one alone."""
        arms: list[str] = []
        ends: list[Place] = []
        asked, shown_arm = place, None
        left = True  # all conditions so far are surely no
        for test, body in [(node.test, node.body), *((each.test, each.body) for each in node.elif_)]:
            found, proof = certain(test, self._marketing), self.expressions.asked(test, asked)
            ends.append(asked.apart(proof.yes, sure=left and found is True))
            arms.append(self.write(body, ends[-1]))
            if left and found is True:
                shown_arm = arms[-1]
            left = left and found is False
            asked = asked.behind(proof.no)
        ends.append(asked.apart(sure=left))
        arms.append(self.write(node.else_, ends[-1]))
        place.names.update(joined(ends, place.names))
        if shown_arm is not None or left:
            return arms[-1] if shown_arm is None else shown_arm
        words = all(
            arm.replace(shown.SEAM, "").strip() and "<" not in arm and shown.MAYBE not in arm for arm in arms
        )
        return self._maybe("".join(arms)) + (shown.WORD if words else "")

    def _loop(self, node: j.For, place: Place) -> str:
        found = self.expressions.value(node.iter, place)
        known = frozenset({found.path}) if isinstance(found, Outside) else frozenset()
        member: Value = MADE
        match found:
            case Outside():
                member = found.member()
            case Rows(whole):
                known, member = frozenset({whole.path}), whole
            case Groups(whole):
                known, member = frozenset({whole.path}), Group(whole)
        inside = place.apart(known)
        if isinstance(found, Outside) and isinstance(member, Outside):
            self.expressions.note(member.path, node.iter, place, True)
        inside.names["loop"] = Round(found.path if isinstance(found, Outside) else ())
        self._assign(node.target, member, inside)
        if node.test is not None:
            inside = inside.apart(self.expressions.asked(node.test, inside).yes)
        text = self.write(node.body, inside)
        return self._maybe(text + self.write(node.else_, place.apart()))

    def _call_block(self, node: j.CallBlock, place: Place) -> str:
        caller = Caller(node, place)
        called = self.expressions.reach(node.call.node, place)
        if isinstance(called, Macro):
            if not takes(called, "caller"):
                name = called.node.name
                message = f"The macro `{name}` does not show what stands between `call` and `endcall`."
                help = "Write `{{ caller() }}` in the macro, where that belongs."
                self.fault(place, node.lineno, "E525", (name,), message, help)
            return self.call(called, node.call, place, caller)
        self.expressions.value(node.call, place)
        return self._maybe(self.write(node.body, place.apart()))

    def _put_out(self, node: j.Node, place: Place) -> str:
        if isinstance(node, j.TemplateData):
            return shown.unmarked(node.data)
        if isinstance(node, j.Call):
            written = self.expressions.written(node, place)
            if written is not None:
                return written
        found = self.expressions.value(node, place)
        if isinstance(node, j.Filter):
            return shown.WORD if node.name in ("default", "d") else ""
        match found:
            case Outside(path):
                return shown.marked(".".join(path)) if place.sure else shown.WORD
            case Words(text):
                return shown.WORD if text.strip() else ""
        return ""

    def _assign(self, target: j.Node, value: Value, place: Place) -> None:
        single = isinstance(target, j.Name)
        for name in loop_names(target):
            place.names[name] = value if single else MADE
        if isinstance(value, Group) and isinstance(target, j.Tuple) and len(target.items) == 2:
            for name in loop_names(target.items[1]):
                place.names[name] = value.whole

    @staticmethod
    def _maybe(text: str) -> str:
        return f"{shown.MAYBE}{text}{shown.SURE}"
