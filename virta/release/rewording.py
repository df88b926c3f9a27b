"""Words to agree to that read otherwise: what people agreed to, how many, and what is said of the change."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

from msgspec import Struct
from sqlalchemy.exc import DBAPIError

from consent.contract import Basis, Meaning, Purpose, Said
from consent.errors import ConsentError
from consent.ledger.agreeing import count_agreed
from consent.rules import same_words
from consent.store.places import open_for_reading
from engine.store.releases import Content
from virta.database_url import consent_place
from virta.settings import Settings

_AGREED = (Basis.CONSENT, Basis.SOFT_OPT_IN)


class Reading(Struct, frozen=True):
    """Words before and after, in one `language`; or (`language` empty) what else people agreed to."""

    language: str
    before: str
    after: str


class Rewording(Struct, frozen=True):
    """A topic or purpose whose words differ from those that people agreed to. `people` is how many did, null
    where nobody was asked. `means` is what the settings say of it: `editorial`, or null."""

    topic: str
    words: tuple[Reading, ...]
    people: int | None = None
    means: Meaning | None = None


def rewordings(old: Content, new: Content) -> Iterator[Rewording]:
    """What whoever agreed to the old content has not agreed to in the new one."""
    was = {each.topic: each for each in old.policy.purposes}
    for now in new.policy.purposes:
        before = was.get(now.topic)
        if before is not None and before.basis in _AGREED and not same_words(before, now):
            means: Meaning | None = "editorial" if now.topic in new.policy.editorial else None
            yield Rewording(now.topic, tuple(_words(before, now)), means=means)


def _words(before: Purpose, now: Purpose) -> Iterator[Reading]:
    for language in sorted(before.wording.keys() & now.wording.keys()):
        if before.wording[language] != now.wording[language]:
            yield Reading(language, before.wording[language], now.wording[language])
    was, told = before.notice.data, now.notice.data
    for language in sorted(was.keys() & told.keys()):
        if was[language] != told[language]:
            yield Reading(language, f"about this data: {was[language]}", f"about this data: {told[language]}")
    if before.controller != now.controller:
        yield Reading("", f"for {before.controller}", f"for {now.controller}")
    if (before.basis, before.similar) != (now.basis, now.similar):
        yield Reading("", rests_on(before), rests_on(now))
    if not before.wording.keys() & now.wording.keys() and before.wording:
        yield Reading("", f"in {_listed(before.wording)}", f"in {_listed(now.wording) or 'no language'}")


def rests_on(purpose: Purpose) -> str:
    """In words, by what right people are written to about it."""
    ground = f"sales of {purpose.similar}" if purpose.similar else purpose.basis.value.replace("_", " ")
    return f"rests on {ground}"


def _listed(words: Mapping[str, str]) -> str:
    return ", ".join(sorted(words))


def agreed_to(folder: Path, settings: Settings, topics: Collection[str]) -> dict[str, int]:
    """Of each topic, how many people agreed to the words in force. Empty where that is not known here: there
    is no store yet, or the consent service is a process of its own."""
    if not topics or settings.consent.url:
        return {}
    try:
        store = open_for_reading(consent_place(folder, settings))
        with closing(store), store.reader.begin():
            return count_agreed(store.reader, topics)
    except (ConsentError, DBAPIError):  # it is told beside the plan, which stands without it
        return {}


def said_of(
    changed: Iterable[Rewording], words: Meaning | None, editorial: Collection[str], by: str
) -> dict[str, Said]:
    """What is known of each change without asking: by the option for each topic, by that for all, or by the
    settings. `by` says who speaks."""
    found = {}
    for each in changed:
        if each.topic in editorial:
            found[each.topic] = Said("editorial", by, "option")
        elif words is not None:
            found[each.topic] = Said(words, by, "option")
        elif each.means is not None:
            found[each.topic] = Said(each.means, by, "settings")
    return found
