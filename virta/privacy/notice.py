"""The notice that belongs to what people agree to, from the settings and the words that ship.

How long things are kept is said nowhere but in the settings that do it: its words are made from them.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TypeAlias

from babel import Locale

from consent.contract import BESIDE_TOPICS, Notice
from virta.settings import Settings

_WORDS = files("virta.privacy") / "words"
_FALLBACK = "en"
_UNITS = ("year", "month", "day")


@dataclass(frozen=True, slots=True)
class _Words:
    """What ships in a language: sentences by their keys, and of each unit of time its plural forms."""

    locale: Locale
    lines: Mapping[str, str]
    units: Mapping[str, Mapping[str, str]]

    def time(self, number: int, unit: str) -> str:
        forms = self.units[unit]
        return forms.get(self.locale.plural_form(number), forms["other"]).format(n=number)


_Ours: TypeAlias = Mapping[str, _Words]


def notice_of(settings: Settings, topic: str) -> Notice:
    """What is told beside what is asked about `topic`, in each language of the project that we speak or that
    the settings have words for. Of recipients nothing is told where the settings do not name them."""
    kind = f"_{topic}" if topic in BESIDE_TOPICS else ""
    ours = {language: words for language in _spoken(settings.languages) if (words := _words(language))}
    own = settings.privacy
    data = {"": own.data, "_personalisation": own.personalisation, "_measurement": own.measurement}
    return Notice(
        settings.controller.address,
        settings.controller.contact,
        data=data[kind] or _ours(ours, f"data{kind}"),
        recipients=_recipients(own.recipients, ours),
        retention={language: _kept(settings, kind, words) for language, words in ours.items()},
        rights=own.rights or _ours(ours, "rights"),
        withdrawal=own.withdrawal or _ours(ours, "withdrawal"),
    )


def languages_that_ship() -> tuple[str, ...]:
    """Those in which we have words for a notice."""
    return tuple(sorted(each.name.removesuffix(".toml") for each in _WORDS.iterdir()))


def _spoken(languages: tuple[str, ...]) -> tuple[str, ...]:
    """The project's languages, and English if we do not speak its first."""
    return languages if _words(languages[0]) else (*languages, _FALLBACK)


@cache
def _words(language: str) -> _Words | None:
    """Ours in a language, or in that of which it is a kind, as in `de-AT`."""
    for tag in (language, language.split("-")[0]):
        if tag in languages_that_ship():
            read = tomllib.loads((_WORDS / f"{tag}.toml").read_text("utf-8"))
            units = {unit: read.pop(unit) for unit in _UNITS}
            return _Words(Locale.parse(tag), read, units)
    return None


def _ours(ours: _Ours, key: str) -> dict[str, str]:
    return {language: words.lines[key] for language, words in ours.items()}


def _recipients(names: Sequence[str] | None, ours: _Ours) -> dict[str, str]:
    if names is None:
        return {}
    listed = ", ".join(names)
    return {
        language: words.lines["recipients"].format(names=listed) if names else words.lines["nobody"]
        for language, words in ours.items()
    }


def _kept(settings: Settings, kind: str, words: _Words) -> str:
    """A line for each thing that is kept for a time of its own."""
    times, stores = settings.times, settings.stores
    lines = [
        ("keep_proof", times.proof_years, "year"),
        ("keep_pending", times.pending_days, "day"),
        ("keep_decisions", times.decision_months, "month"),
        ("keep_ip", times.ip_days, "day"),
        ("keep_backups", stores.backups_days, "day"),
    ]
    if kind:
        lines.insert(2, (f"keep{kind}", stores.events_months, "month"))
    return "\n".join(words.lines[key].format(time=words.time(number, unit)) for key, number, unit in lines)
