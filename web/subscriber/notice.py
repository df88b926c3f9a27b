"""What people are told beside what they are asked, laid out for a page: each thing once, and where topics
differ, of each what is true of it."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from msgspec import Struct

from consent.contract import Purpose, TopicView

Asked: TypeAlias = Purpose | TopicView


class Part(Struct, frozen=True):
    """Lines about the topics with these titles; no titles: about all of them."""

    titles: tuple[str, ...]
    lines: tuple[str, ...]


class Told(Struct, frozen=True):
    """Which thing is told, by its key among the words of a page, and what."""

    what: str
    parts: tuple[Part, ...]


def told(asked: Iterable[tuple[str, Asked]], language: str, default: str) -> tuple[Told, ...]:
    """What is told beside topics, each with its title on the page; empty where nothing is."""
    topics = list(asked)
    rows = [
        ("controller", [(title, _who(topic)) for title, topic in topics]),
        *(
            (what, [(title, said(getattr(topic.notice, what), language, default)) for title, topic in topics])
            for what in ("data", "recipients", "retention", "rights", "withdrawal")
        ),
    ]
    return tuple(Told(what, parts) for what, told in rows if (parts := _parts(told)))


def said(words: Mapping[str, str], language: str, default: str) -> str:
    """The words in `language`, else in the default one, else in any; empty if there are none."""
    return words.get(language) or words.get(default) or next(iter(words.values()), "")


def _who(topic: Asked) -> str:
    notice = topic.notice
    return "\n".join((topic.controller, notice.address, notice.contact)) if notice.address else ""


def _parts(told: list[tuple[str, str]]) -> tuple[Part, ...]:
    """Lines that are true of all topics first, then those of some."""
    about: dict[str, list[str]] = {}
    for title, text in told:
        for line in filter(None, text.split("\n")):
            about.setdefault(line, []).append(title)
    lines: dict[tuple[str, ...], list[str]] = {tuple(title for title, _ in told): []}
    for line, titles in about.items():
        lines.setdefault(tuple(titles), []).append(line)
    return tuple(
        Part(titles if len(titles) < len(told) else (), tuple(those))
        for titles, those in lines.items()
        if those
    )
