"""Templates, loaded once, and the letters that they give.

Jinja in a sandbox that sees plain data only. The variant is chosen by the contact's language, then the
project's first one.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from copy import copy
from typing import Any

from jinja2 import TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError
from msgspec import Struct
from msgspec.structs import replace

from consent.contract import Decision, Links
from dsl.templates.files import NOTICE, PROOF, TemplateFile
from dsl.templates.text import read_text
from engine.core import calendar
from engine.core.bundle import MailBody
from engine.core.conditions import known
from engine.mail import headers, preheader, words
from engine.mail.kept import STAND_IN, addressed
from engine.mail.measured import Marks
from engine.mail.message import Letter
from engine.mail.sandbox import Sandbox
from engine.mail.text import text_template, tidy
from engine.people.catalogue import Catalogue
from engine.people.shelf import shelf

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

LARGEST = 1_000_000
"""Characters in one part of a mail; a template that gives more has gone wrong."""


_FAULTS = (
    TemplateError,
    ArithmeticError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    RecursionError,
    MemoryError,
)
"""All that a template can do wrong: one mail is set aside, the others go on."""


_SPEAKING = (UndefinedError, SecurityError, TemplateSyntaxError, TypeError, AttributeError, ZeroDivisionError)
"""Faults whose words are of names and kinds; those of others may hold what is known of the reader."""


def _told(fault: Exception) -> str:
    if isinstance(fault, _SPEAKING):
        return str(fault)
    return f"a value is none with which this can be done ({type(fault).__name__})"


class LetterFault(Exception):
    """A template failed for one contact; the message names the template and the fault, and holds no value of
    theirs."""


class Sender(Struct, frozen=True):
    """Who writes: the name and address in From, the imprint that templates show. `contact` is where questions
    about data go, `color` that of buttons, as in `#14593f`: both are for the mails of the consent service."""

    name: str
    address: str
    imprint: str
    reply_to: str = ""
    contact: str = ""
    color: str = ""


class _Variant(Struct, frozen=True):
    """`html` and `text` are the paths of the files, `html` empty for a mail without."""

    htmls: Sandbox
    texts: Sandbox
    html: str
    text: str
    subject: str
    preheader: str
    sender: str
    reply_to: str


class Letters:
    """All templates of a project. `languages[0]` is the default; `marks` are for people who agreed to be
    measured, without them nobody is; `recommend` goes by `catalogue`; `addressed` are the templates that show
    `contact.email`, `kept` those that show `links.browser`, which needs `marks`. Raises `LetterFault` for a
    template that Jinja cannot read."""

    def __init__(
        self,
        files: Sequence[TemplateFile],
        digests: Mapping[str, str],
        languages: Sequence[str],
        sender: Sender,
        time_zone: str,
        marks: Marks | None = None,
        catalogue: Catalogue | None = None,
        addressed: Collection[str] = (),
        kept: Collection[str] = (),
    ) -> None:
        self._marks = marks
        self.catalogue = catalogue or Catalogue()
        self._digests = dict(digests)
        self._addressed = frozenset(addressed)
        self._kept = frozenset(kept)
        self._languages = tuple(languages)
        self._sender = sender
        self._time_zone = time_zone
        self._html_files = {file.path: preheader.shown(file.body) for file in files if file.kind == "html"}
        self._text_files = {file.path: text_template(file.body) for file in files if file.kind == "html"}
        self._text_files |= {file.path: file.body for file in files if file.kind == "txt"}
        self._sandboxes: dict[tuple[str, bool], Sandbox] = {}
        self._variants: dict[tuple[str, str], _Variant] = {}
        for file in sorted(files, key=lambda file: (file.kind, file.path)):
            if not file.partial:
                self._load(file)

    def afresh(self) -> "Letters":
        """The same templates, for another store: nothing is known of its products yet."""
        same = copy(self)
        same.catalogue = Catalogue()
        return same

    def digest(self, name: str) -> str:
        """The digest by which the consent service knows the template; empty for one that it cannot know."""
        return self._digests.get(name, "")

    def addressed(self, name: str) -> bool:
        """Whether a template shows the reader's own address."""
        return name in self._addressed

    @property
    def keeps(self) -> bool:
        """Whether there is a template whose mails can be seen in the browser."""
        return bool(self._kept)

    def kept(self, name: str) -> bool:
        """Whether the mails of a template can be seen in the browser."""
        return name in self._kept

    def letter(self, body: MailBody, decision: Decision, address: str = "") -> Letter:
        """The letter of a `send`; `address` is the reader's own, for a template that shows it. Raises
        `LetterFault`."""
        attributes = body.attributes
        language = str(attributes.get("language") or self._languages[0])
        context = {
            **_known(body.values),
            "contact": {"language": language, **_known({**attributes, "email": address})},
            "trigger": _known(body.trigger),
            "received": _known(body.received),
            "time_zone": self._zone(attributes.get("time_zone")),
            "links": self._links(body.template, decision),
        }
        _, spoken = self._variant(body.template, language)
        context["recommend"] = shelf(self.catalogue, body, decision.variant, spoken)
        written = self._write(body.template, language, context)
        html = written.html
        if decision.measured and html and self._marks is not None:
            html = self._marks.html(html, decision.key, decision.links)
        return Letter(
            _one_line(words.line(body.subject, spoken)) or written.subject,
            html,
            written.text,
            self._mailbox(body.sender) if body.sender else written.sender,
            body.reply_to or written.reply_to,
            self._to_keep(written, body.template, language, context, address),
        )

    def note(self, subject: str, text: str) -> Letter:
        """A plain letter to somebody of the team. Raises `LetterFault`."""
        return Letter(_one_line(subject), "", text, self._mailbox(self._sender.address), "")

    def proof(
        self, language: str, wording: Sequence[str], decision: Decision, template: str = PROOF
    ) -> Letter:
        """The mail that asks for the confirmation, or by another `template` for that of an address. Raises
        `LetterFault`."""
        links = _shown(decision.links)
        return self._write(
            template, language, {"wording": list(wording), "time_zone": self._time_zone, "links": links}
        )

    def notice(self, language: str, until: int) -> Letter:
        """The mail that tells somebody that their proof is held until a moment (ms UTC). Raises
        `LetterFault`."""
        context = {"until": until - 1, "time_zone": self._time_zone}  # the day that it ends with is the last
        return self._write(NOTICE, language, context)

    def _links(self, template: str, decision: Decision) -> dict[str, str]:
        """What `links` gives in a mail of a flow."""
        links = _shown(decision.links)
        if self._marks is not None and self.kept(template):
            links["browser"] = self._marks.view(decision.key)
        return links

    def _to_keep(
        self, written: Letter, template: str, language: str, context: dict[str, Any], address: str
    ) -> str:
        """The body as it was written, without the reader's address and before it was measured; empty for a
        mail that cannot be seen in the browser. So is one that does more with the address than show it: put
        back, it would show another mail, or all of an address of which the mail shows a part."""
        if "browser" not in context["links"]:
            return ""
        kept = written
        if self.addressed(template):
            context = {**context, "contact": {**context["contact"], "email": STAND_IN}}
            try:
                kept = self._write(template, language, context)
            except LetterFault:  # it takes the address apart: then the mail goes all the same
                return ""
        body, html = kept.html or kept.text, bool(kept.html)
        return body if addressed(body, html, address) == (written.html or written.text) else ""

    def _write(self, name: str, language: str, context: dict[str, Any]) -> Letter:
        variant, spoken = self._variant(name, language)
        context["language"] = spoken
        sender = self._sender
        context["sender"] = {
            "name": sender.name,
            "imprint": sender.imprint,
            "contact": sender.contact,
            "color": sender.color,
        }
        try:
            context["preheader"] = variant.texts.said(variant.preheader, context)
            html = variant.htmls.rendered(variant.html, context) if variant.html else ""
            text = tidy(variant.texts.rendered(variant.text, context))
            subject = _one_line(variant.texts.said(variant.subject, context))
        except _FAULTS as fault:
            raise LetterFault(f"template `{name}` ({spoken}): {_told(fault)}") from fault
        if len(html) > LARGEST or len(text) > LARGEST:
            raise LetterFault(f"template `{name}` ({spoken}) gives more than {LARGEST} characters")
        return Letter(subject, html, text, variant.sender, variant.reply_to)

    def _zone(self, name: Any) -> str:
        """The contact's zone, if it is one, else the project's."""
        return name if isinstance(name, str) and calendar.zone(name) else self._time_zone

    def _mailbox(self, written: str) -> str:
        """Who stands in From; the name of the project's sender stands in where none is written."""
        try:
            return headers.mailbox(written, self._sender.name)
        except headers.HeaderFault as fault:
            raise LetterFault(str(fault)) from fault

    def _variant(self, name: str, language: str) -> tuple[_Variant, str]:
        wanted = language.replace("_", "-").lower()
        for spoken in (wanted, wanted.split("-")[0], *self._languages):
            found = self._variants.get((name, spoken.lower()))
            if found is not None:
                return found, spoken
        raise LetterFault(f"there is no template `{name}`")

    def _load(self, file: TemplateFile) -> None:
        """HTML comes first; a `.txt` sibling then takes the place of the derived text. Jinja compiles a text
        when the first mail asks for it."""
        given = file.header
        for text in (file.body, *given.values()):
            read = read_text(text)
            if read.tree is None:
                raise LetterFault(f"template `{file.path}` cannot be read: {read.fault}")
        place = (file.name, file.language.lower())
        known = self._variants.get(place)
        if known is not None:
            self._variants[place] = replace(known, text=file.path)
            return
        self._variants[place] = _Variant(
            self._sandbox(file.language, escape=True),
            self._sandbox(file.language, escape=False),
            file.path if file.kind == "html" else "",
            file.path,
            given.get("subject", ""),
            given.get("preheader", ""),
            self._mailbox(given.get("from") or self._sender.address),
            given.get("reply_to", self._sender.reply_to),
        )

    def _sandbox(self, language: str, escape: bool) -> Sandbox:
        """Where the templates of a language are loaded, with layouts, parts and macros of that language."""
        place = (language, escape)
        if place not in self._sandboxes:
            files = self._html_files if escape else self._text_files
            self._sandboxes[place] = Sandbox(files, language, escape)
        return self._sandboxes[place]


def _shown(links: Links) -> dict[str, str]:
    return {name: getattr(links, name) for name in links.__struct_fields__}


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    """What is known: neither None nor blank text, for which `default` has a word."""
    return {name: value for name, value in values.items() if known(value) is not None}


def _one_line(subject: str) -> str:
    """Line breaks, tabs and other control characters are blanks; blanks do not add up."""
    return " ".join(_CONTROL.sub(" ", subject).split())
