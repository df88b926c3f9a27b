"""What the doctor finds, put right by an operator: people tried again, what was cut short cleared away.

What changes people goes to the engine as an order, through the control table, where it stands for good with
who gave it and when.
"""

import shutil
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from engine.core.bundle import MailBody
from engine.delivery.orders import Found, Order, TryAgain
from engine.insight.apart import Apart, apart
from engine.insight.records import open_records
from engine.store.database import StoreFault
from engine.store.server import Place
from engine.store.unknown import Unknown
from virta.disk_fault import disk_fault
from virta.operating.leftovers import leftovers
from virta.operating.ordering import Given, give, is_running
from virta.settings import BrokenProject, Settings

SET_ASIDE, UNKNOWN, LEFTOVERS, LOG_BEHIND, CLOCK = "set-aside", "unknown", "leftovers", "log-behind", "clock"
OF_CONSENT = (LOG_BEHIND, CLOCK)
KINDS = (SET_ASIDE, UNKNOWN, LEFTOVERS, *OF_CONSENT)
ARRIVED, AGAIN = "arrived", "again"


class Act(Struct, frozen=True):
    """Something that can be done now: `--resolve KIND ID`, with a `word` where there is more than one way,
    and what it would do, in words."""

    kind: str
    id: str
    says: str
    word: str = ""


class Done(Struct, frozen=True):
    """What `--format json` prints: what was done, or with `--dry-run` would be (`given` is null)."""

    acts: tuple[Act, ...]
    given: tuple[Given, ...] | None
    says: tuple[str, ...]


def acts(place: Place, data: Path, settings: Settings) -> list[Act]:
    """All that can be done now. Raises `BrokenProject`."""
    try:
        with open_records(place) as records:
            found = [Act(SET_ASIDE, one.contact, _of_person(one)) for one in apart(records)]
            for one in records.unknown():
                found += _of_mail(one, settings)
    except StoreFault as fault:
        raise BrokenProject(str(fault)) from None
    return found + [Act(LEFTOVERS, path.name, f"remove {path}") for path in leftovers(data)]


def choose(found: list[Act], kind: str, id_: str = "", word: str = "") -> list[Act]:
    """Those of a kind, or the one of that id and word. Raises `BrokenProject` where nothing is meant."""
    if kind not in KINDS:
        raise BrokenProject(f"`{kind}` cannot be resolved. There are: {', '.join(KINDS)}.")
    chosen = [one for one in found if one.kind == kind and id_ in ("", one.id)]
    if id_ and not chosen:
        raise BrokenProject(
            f"There is no `{id_}` to resolve under {kind}. `virta doctor --resolve` lists all."
        )
    if kind != UNKNOWN or not id_:
        if word:
            raise BrokenProject(f"What is {kind} takes no `{word}`.")
        return chosen
    if word not in (ARRIVED, AGAIN):
        raise BrokenProject(
            f"Say what you found: `virta doctor --resolve unknown {id_} arrived`, or `again`."
        )
    meant = [one for one in chosen if one.word == word]
    if not meant:
        raise BrokenProject(
            f"{id_} is marketing, which is never sent again: nobody is to get such a mail twice."
        )
    return meant


def resolve(place: Place, data: Path, chosen: list[Act], whole: bool) -> Done:
    """Do it. `whole`: these are all of their kind. Raises `BrokenProject`, before anything
    is done, where something chosen may not go now."""
    files = [one.id for one in chosen if one.kind == LEFTOVERS]
    if files and is_running(place):
        raise BrokenProject(
            "An engine runs, or a backup is being put back. Stop it first, and try again. Nothing was done."
        )
    people = [one.id for one in chosen if one.kind == SET_ASIDE]
    orders: list[Order] = [TryAgain()] if whole and people else [TryAgain(contact=one) for one in people]
    orders += [Found(one.id, one.word == ARRIVED) for one in chosen if one.kind == UNKNOWN]
    given = tuple(give(place, order) for order in orders)
    says = [f"Number {one.number}, by {one.by}: {_seen(one)}" for one in given]
    for name in files:
        _remove(data / name)
        says.append(f"Removed {data / name}.")
    return Done(tuple(chosen), given, tuple(says))


def told(done: Done) -> str:
    """As JSON."""
    return msgspec.json.format(msgspec.json.encode(done)).decode()


def _of_person(one: Apart) -> str:
    where = f", who stands at {one.step or '?'} of {one.flow}" if one.flow else ""
    return f"try contact {one.contact} again{where}: {one.cause or one.error}"


def _of_mail(one: Unknown, settings: Settings) -> list[Act]:
    body, contact = one.effect.body, one.effect.contact
    if not isinstance(body, MailBody):
        return []
    at = datetime.fromtimestamp(one.at // 1000, ZoneInfo(settings.time_zone))
    message_id = f"{one.effect.key}@{settings.sender.address.rpartition('@')[2]}"
    says = (
        f"{body.step} of {body.flow} to contact {contact}, {at:%Y-%m-%d %H:%M}, Message-ID {message_id}, "
        f"handed to {settings.smtp.url}: "
    )
    found = [Act(UNKNOWN, one.effect.key, f"{says}it arrived, and counts as sent", ARRIVED)]
    if body.service:
        found.append(Act(UNKNOWN, one.effect.key, f"{says}it did not arrive, and is sent again", AGAIN))
    return found


def _seen(given: Given) -> str:
    if given.seen is None:
        return "no engine runs now; it is done at its next start."
    if not given.seen:
        return "the engine runs, but has not acted by it in 10 seconds; it will when it gets to it."
    return "the engine has acted by it; `virta doctor` says what is left."


def _remove(path: Path) -> None:
    try:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    except FileNotFoundError:
        return
    except OSError as fault:
        raise disk_fault(fault, path, "removed") from None
