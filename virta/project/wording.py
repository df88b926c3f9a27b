"""What people read about the topics and the purposes beside them, in every language of the project.

`schema.flow` and, for the purposes, `virta.toml` hold the words of the default language; `words/lv.toml`
those of another one, a table a topic or purpose:

    [news]
    title = "Jaunumi"
    consent = "Vēlos saņemt jaunumus e-pastā."
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from msgspec import Struct

from consent.contract import BESIDE_TOPICS
from dsl.graph import TopicType
from virta.misfit import in_plain_words
from virta.settings import BrokenProject, Purpose


@dataclass(frozen=True, slots=True)
class Wording:
    """A topic's title and the sentence beside its box, by language; a language may be missing."""

    title: dict[str, str]
    consent: dict[str, str]


class _Words(Struct, frozen=True, forbid_unknown_fields=True):
    title: str = ""
    consent: str = ""


def read_wording(
    folder: Path,
    languages: Sequence[str],
    topics: Sequence[TopicType],
    purposes: Mapping[str, Purpose],
) -> dict[str, Wording]:
    """The wording of each topic and purpose by its name; `languages[0]` is that of the topics themselves.

    What a file leaves out is left out; a topic that it alone knows, or a consent sentence for a service
    topic, raises `BrokenProject`.
    """
    first, *others = languages
    wording = {
        topic.name: Wording({first: topic.title}, {first: topic.wording} if topic.wording else {})
        for topic in topics
    } | {
        name: Wording({first: purpose.title}, {first: purpose.consent}) for name, purpose in purposes.items()
    }
    for language in others:
        path = folder / "words" / f"{language}.toml"
        for name, words in _read(path).items():
            topic = wording.get(name)
            if topic is None and name in BESIDE_TOPICS:
                raise BrokenProject(
                    f"{path}: `{name}` is never asked for: virta.toml has no [purposes.{name}]. Write that "
                    "table there, or delete this one."
                )
            if topic is None:
                known = ", ".join(f"`{each}`" for each in wording)
                raise BrokenProject(f"{path}: the project has no topic `{name}`; it has {known}.")
            if words.consent and not topic.consent:
                raise BrokenProject(
                    f"{path}: topic `{name}` asks for no consent in the flows, so it needs none here. "
                    "Delete the line `consent`."
                )
            if words.title:
                topic.title[language] = words.title
            if words.consent:
                topic.consent[language] = words.consent
    return wording


def _read(path: Path) -> dict[str, _Words]:
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8-sig")), dict[str, _Words])
    except FileNotFoundError:
        return {}
    except OSError as fault:
        raise BrokenProject(f"{path} cannot be read: {fault.strerror}.") from None
    except UnicodeDecodeError:
        raise BrokenProject(f"{path} is not UTF-8 text.") from None
    except tomllib.TOMLDecodeError as fault:
        raise BrokenProject(f"{path} is not valid TOML: {fault}") from None
    except msgspec.ValidationError as fault:
        raise BrokenProject(f"{path}: {in_plain_words(fault, dict[str, _Words])}") from None
