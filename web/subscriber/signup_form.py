"""The sign-up form as a page: but for one field the same bytes for everyone, so that they can be kept as
evidence.

The form carries the SHA-256 of its own page. What comes back with that id was sent from exactly these bytes;
if words, topics or design have changed meanwhile, the id is another one and the person is asked again. The
one field is when it was served, signed by the consent service. So showing is tied to submitting without a
store of showings, and the kept page, in which that field is empty, holds nothing about the person.
"""

import hashlib
from collections.abc import Sequence

from msgspec import Struct

from consent.contract import BESIDE_TOPICS, Purpose
from web.subscriber.notice import said, told
from web.ui.pages import Pages


class Box(Struct, frozen=True):
    """One topic on the form, or a purpose beside the topics, in the form's language."""

    topic: str
    title: str
    wording: str
    beside: bool = False


class Entries(Struct, frozen=True):
    """What a person has filled in, and what is wrong with it: `address`, `age`, `topics` or `changed`."""

    address: str = ""
    age: str = ""
    ticked: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


NOTHING = Entries()


class Form(Struct, frozen=True):
    """`shown` is the page as everyone first gets it, but that it says nowhere when it was served; `id` is the
    SHA-256 (hex) of it with no id filled in."""

    language: str
    id: str
    shown: bytes


def blank_form(pages: Pages, language: str, offered: Sequence[Purpose]) -> Form:
    """The form with no box ticked and nothing filled in."""
    identity = hashlib.sha256(_page(pages, language, offered, "", NOTHING)).hexdigest()
    return Form(language, identity, _page(pages, language, offered, identity, NOTHING))


def served_form(
    pages: Pages, form: Form, offered: Sequence[Purpose], served: str, entries: Entries = NOTHING
) -> bytes:
    """The same form as somebody gets it: with when it was `served`, what they had filled in, and what is
    wrong with it."""
    return _page(pages, form.language, offered, form.id, entries, served)


def _page(
    pages: Pages,
    language: str,
    offered: Sequence[Purpose],
    identity: str,
    entries: Entries,
    served: str = "",
) -> bytes:
    boxes = [_box(purpose, language, pages.languages[0]) for purpose in offered]
    asked = [(box.title, purpose) for box, purpose in zip(boxes, offered, strict=True)]
    notice = told(asked, language, pages.languages[0])
    return pages.render(
        "signup",
        language,
        switch=True,
        id=identity,
        served=served,
        boxes=boxes,
        entries=entries,
        notice=notice,
    )


def _box(purpose: Purpose, language: str, default: str) -> Box:
    title = said(purpose.title, language, default) or purpose.topic
    wording = said(purpose.wording, language, default)
    return Box(purpose.topic, title, wording, purpose.topic in BESIDE_TOPICS)
