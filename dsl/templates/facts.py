"""What the compiler knows of templates: the readings of their files, digests, and what they always show."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from jinja2 import nodes as j
from msgspec import Struct

from dsl.templates import shown
from dsl.templates.files import PROOF, TemplateFile, Templates
from dsl.templates.mjml import LaidOut, lay_out
from dsl.templates.text import read_text
from dsl.templates.values import Fault, Use
from dsl.templates.walk import Walk

_ADDRESS, _BROWSER = ("contact", "email"), ("links", "browser")


class Template(Struct, frozen=True):
    """`digest` is SHA-256, hex, over all its files and the layouts and parts that they use. The facts hold
    for every variant: the link or imprint stands where no condition can hide it in a marketing mail.
    `recommends` is the largest N of `recommend(N)` in any variant; a mail that recommends is promotional.
    `addressed`: some variant asks for `contact.email`, which is told for those mails only. `kept`: some
    variant asks for `links.browser`, by which those mails only are kept to be seen."""

    name: str
    digest: str
    unsubscribe: bool
    imprint: bool
    promotional: bool = False
    recommends: int = 0
    addressed: bool = False
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file of a template asks for and shows. `shown` are the values (`links.unsubscribe`, …) that a
    reader sees whatever the conditions say; `size` is in bytes, every condition's text counted once."""

    file: TemplateFile
    shown: frozenset[str]
    uses: tuple[Use, ...]
    faults: tuple[Fault, ...]
    recommends: int
    size: int
    readable: bool


@dataclass(frozen=True)
class Readings:
    """All templates of a project, each file read once."""

    templates: Templates
    _read: dict[str, Reading] = field(default_factory=dict)
    _laid_out: dict[str, LaidOut] = field(default_factory=dict)

    def of(self, file: TemplateFile) -> Reading:
        """What a file of a template asks for and shows."""
        if file.path not in self._read:
            self._read[file.path] = _reading(file, self.templates, self.laid_out(file).file)
        return self._read[file.path]

    def laid_out(self, file: TemplateFile) -> LaidOut:
        """A variant as it is rendered: MJML as HTML, any other as it is."""
        if file.kind != "mjml":
            return LaidOut(file)
        if file.path not in self._laid_out:
            self._laid_out[file.path] = lay_out(file, self.templates)
        return self._laid_out[file.path]

    def rendered(self) -> tuple[TemplateFile, ...]:
        """All files that mails are rendered from."""
        whole = (file for file in self.templates.files if not (file.partial and file.kind == "mjml"))
        return tuple(found for file in whole if (found := self.laid_out(file).file) is not None)

    def recommends(self, name: str) -> int:
        """The most products that a mail of a template shows."""
        return max((self.of(file).recommends for file in self.templates.variants(name)), default=0)


def _reading(file: TemplateFile, templates: Templates, laid_out: TemplateFile | None) -> Reading:
    """`laid_out` is the file as it is rendered, None if it cannot be. Values and faults are told where they
    were written."""
    marketing = file.name != PROOF
    walk = Walk(templates, file.language, marketing)
    walk.header(file)
    text = walk.file(file)
    if laid_out is not None and laid_out is not file:
        text = Walk(templates, file.language, marketing).file(laid_out)
    readable = walk.readable and laid_out is not None
    seen: frozenset[str] = frozenset()
    if readable:
        seen = shown.values_in_text(text) if file.kind == "txt" else shown.values_in_html(text)
    found = walk.expressions
    size = len(text.replace(shown.SEAM, "").encode())
    return Reading(file, seen, tuple(found.uses), tuple(walk.faults), found.recommends, size, readable)


def template_facts(readings: Readings) -> tuple[Template, ...]:
    """All templates by name. One that cannot be read has no good facts."""
    return tuple(_template(name, readings) for name in sorted(readings.templates.names))


def _template(name: str, readings: Readings) -> Template:
    variants = readings.templates.variants(name)
    digest = hashlib.sha256()
    for file in (*variants, *parts_of(variants, readings.templates)):
        for piece in (file.path, *(f"{key}: {text}" for key, text in sorted(file.header.items())), file.body):
            data = piece.encode()
            digest.update(len(data).to_bytes(8, "big") + data)
    seen = [readings.of(file).shown for file in variants]
    recommends = readings.recommends(name)
    asked = {use.path[:2] for file in variants for use in readings.of(file).uses}
    return Template(
        name,
        digest.hexdigest(),
        unsubscribe=all("links.unsubscribe" in each for each in seen),
        imprint=all("sender.imprint" in each for each in seen),
        promotional=recommends > 0,
        recommends=recommends,
        addressed=_ADDRESS in asked,
        kept=_BROWSER in asked,
    )


def parts_of(variants: tuple[TemplateFile, ...], templates: Templates) -> tuple[TemplateFile, ...]:
    """The layouts and parts that files use in their languages, directly or through others, by path."""
    found: dict[str, TemplateFile] = {}
    waiting = [(file, file.language) for file in variants]
    seen = {(file.path, file.language) for file in variants}
    while waiting:
        file, language = waiting.pop()
        for path in references(file):
            part = templates.file(path, language)
            if part and (part.path, language) not in seen:
                seen.add((part.path, language))
                found[part.path] = part
                waiting.append((part, language))
    return tuple(found[path] for path in sorted(found))


def layout_of(file: TemplateFile, templates: Templates) -> TemplateFile | None:
    """The layout that a mail stands in, the outermost of several; None: it is a whole by itself."""
    seen = [file]
    while part := next(
        (each for path in _extended(seen[-1]) if (each := templates.file(path, file.language))), None
    ):
        if part in seen:
            return None
        seen.append(part)
    return seen[-1] if len(seen) > 1 else None


def _extended(file: TemplateFile) -> Iterator[str]:
    for node in read_text(file.body).statements:
        if isinstance(node, j.Extends) and isinstance(node.template, j.Const):
            yield str(node.template.value)


def references(file: TemplateFile) -> Iterator[str]:
    """The paths that a file includes, extends or imports."""
    for node in read_text(file.body).statements:
        if isinstance(node, j.Extends | j.Include | j.Import | j.FromImport):
            written = node.template
            for each in written.items if isinstance(written, j.List | j.Tuple) else [written]:
                if isinstance(each, j.Const) and isinstance(each.value, str):
                    yield each.value
