"""A mail to be written: what its step says, what the gate decided, and letters from templates of a test."""

from typing import Any

from person import MONDAY

from consent.contract import Decision, Links
from dsl.templates.files import read_templates
from engine.core.bundle import MailBody, replace
from engine.mail.letters import Letters, Sender
from engine.mail.message import Letter
from engine.people.catalogue import Catalogue

LINKS = Links(unsubscribe="https://kafija.example/u/1", preferences="https://kafija.example/p/1")
DECISION = Decision("k" * 32, 1, True, None, "personalised", "", 0, 0, LINKS)
BODY = MailBody(
    flow="alpha",
    journey="j",
    step="tips",
    template="tips",
    topic="news",
    service=False,
    at=MONDAY,
    trigger_id="t",
    attributes={},
    trigger={},
    received={},
    values={},
)
HEAD = "---\nsubject: {subject}\n---\n"


def letters(
    languages: tuple[str, ...] = ("en",), catalogue: Catalogue | None = None, **files: str
) -> Letters:
    """Templates by file name, `__` for the dot before a language; names that end in `_txt` are no HTML."""
    given = []
    for name, text in files.items():
        stem, ending = (name.removesuffix("_txt"), "txt") if name.endswith("_txt") else (name, "html")
        if not stem.startswith("_") and not text.startswith("---"):
            text = HEAD.format(subject="Hello") + text
        given.append((f"templates/{stem.replace('__', '.')}.{ending}", text.encode()))
    templates, findings = read_templates(given, languages)
    assert findings == []
    sender = Sender("Kafija", "info@kafija.example", "SIA Kafija, Rīga")
    return Letters(templates.files, {"tips": "digest"}, languages, sender, "Europe/Riga", catalogue=catalogue)


def letter(text: str, **changes: Any) -> Letter:
    """The letter of one template."""
    return letters(tips=text).letter(replace(BODY, **changes), DECISION)
