"""`virta consent erase`: forget somebody for good."""

import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from cyclopts import Parameter

from consent.contract import Erasure
from virta.commands.consent_opening import Folder, Format
from virta.operating.erasing import erase_person, find_person
from virta.operating.found import Found, Held
from virta.operating.holding import last_day
from virta.operating.leftovers import faulty_rows
from virta.settings import Settings, read_settings
from virta.terminal.asking import Unanswered, ask
from virta.terminal.named import named

_REFUSED = 2


def erase(
    who: Annotated[
        str,
        Parameter(help="An e-mail address, or the id of a person; `-` reads it.", allow_leading_hyphen=True),
    ],
    folder: Folder = Path(),
    *,
    dry_run: Annotated[bool, Parameter(negative="", help="Tell what would go, and change nothing.")] = False,
    yes: Annotated[bool, Parameter(negative="", help="Do not ask.")] = False,
    output: Format = "text",
) -> int:
    """Erase everything that is known of a person, also while Virta serves. It cannot be undone. Exit code 1:
    nobody is known by that, or it is not done yet; 2: it was not agreed to."""
    who = named(who)
    settings = read_settings(folder.resolve())
    found = find_person(folder, settings, who)
    if found is None:
        return _tell(output, None, None, [f"Nobody is known here as {who}."], 1)
    if found.erasure is not None and found.erasure.primary:
        return _tell(output, found, found.erasure, _report(folder, settings, found, found.erasure), 0)
    if found.untold:
        return _tell(output, found, None, _tell_first(settings, found), 1)
    clock = ZoneInfo(settings.time_zone)
    lines = [*(_plan(found.held) if found.held is not None else []), *_kept_from_it(found, clock)]
    if dry_run:
        return _tell(output, found, None, [*lines, "Nothing was changed."], 0)
    if not yes and (output == "json" or not sys.stdin.isatty()):
        return _tell(output, found, None, [*lines, "Nobody is there to ask: say --yes."], _REFUSED)
    if not yes:
        print("\n".join(lines))
        if not _agreed(who):
            return _tell(output, found, None, ["Nothing was changed."], _REFUSED)
    done = erase_person(folder, settings, found.subject)
    if done is None:
        later = "The engine runs, but has not come to it yet. It will."
        return _tell(output, found, None, [later, _again(found.subject)], 1)
    return _tell(output, found, done, _report(folder, settings, found, done), 0 if done.primary else 1)


def _agreed(who: str) -> bool:
    try:
        return ask(f"This cannot be undone. Type {who} to go on: ") == who
    except Unanswered:
        return False


def _tell_first(settings: Settings, found: Found) -> list[str]:
    until = last_day(found.untold, ZoneInfo(settings.time_zone))
    return [
        f"Nothing was changed. Proof of {found.subject} is held until the end of {until}, and the mail that",
        "tells them so has not gone yet; once they are erased no mail can. It goes while `virta serve` runs:",
        "erase them then. If they are told by a letter, write that down before:",
        f"  virta consent hold {found.subject} --told DATE",
    ]


def _again(subject: str) -> str:
    """By the address nobody is found any more."""
    return f"Ask again, by the id: `virta consent erase {subject}`."


def _plan(held: Held) -> list[str]:
    evidence = _many(held.evidence, "piece")
    journeys, attributes = _many(held.journeys, "journey"), _many(held.attributes, "attribute")
    events, lines = _many(held.events, "event"), _many(held.lines, "line")
    return [
        "To be erased:",
        f"  in the store of consent: address, key, {_many(held.topics, 'topic')}, {evidence} of evidence",
        f"  in the engine: {attributes}, {journeys} under way, {events}, {lines} of the journal, kept mails",
        f"What stays is a random id in the log, and in {_many(held.decisions, 'decision')} about mails.",
    ]


def _kept_from_it(found: Found, clock: ZoneInfo) -> list[str]:
    """What an erasure would leave, for a hold keeps it."""
    if found.holds is None:
        return [
            "If a legal hold keeps their proof, address and evidence stay under its seal: in the folder of",
            "the consent service `virta consent holds` says so.",
        ]
    return [
        f"A legal hold keeps address and evidence under seal until the end of {last_day(one.until, clock)}:"
        "\nthey stay, and are destroyed then. `virta consent holds` says why."
        for one in found.holds
    ]


def _still_held(found: Found, clock: ZoneInfo) -> list[str]:
    """What an erasure has left, for a hold keeps it."""
    if found.holds is None:
        return [
            "  address and evidence, if a legal hold keeps them: in the folder of the consent service",
            "  `virta consent holds` says so",
        ]
    return [
        f"  address and evidence, sealed under a legal hold until the end of {last_day(one.until, clock)};"
        f"\n  they are destroyed then, or at once with `virta consent hold {one.subject} --lift`"
        for one in found.holds
    ]


def _report(folder: Path, settings: Settings, found: Found, done: Erasure) -> list[str]:
    clock, days = ZoneInfo(settings.time_zone), settings.stores.backups_days

    def moment(at: int) -> str:
        return datetime.fromtimestamp(at // 1000, clock).strftime("%Y-%m-%d %H:%M")

    lines = [f"Subject {done.subject} was erased on {moment(done.at)} (leaf {done.leaf})."]
    if not done.primary:
        return [
            *lines,
            "No mail goes any more, and the store of consent has no row of theirs. It is not done yet: there",
            "are lines of the journal left, or somebody reads the stores as they were.",
            *_kept_from_it(found, clock),
            _again(done.subject),
        ]
    since = max(done.primary, found.backups_since)
    until = datetime.fromtimestamp(since // 1000, clock) + timedelta(days=days)
    proof = "attributes," if found.holds else "address, key, evidence, attributes,"
    backups = (
        f"nothing in backups since {moment(done.backups)}: each is kept for {_many(days, 'day')} at most"
        if done.backups
        else f"backups from before, which you delete by {until:%Y-%m-%d} (`stores.backups_days` is {days})"
    )
    return [
        *lines,
        f"All stores had forgotten them on {moment(done.primary)}: {proof}",
        "events, journeys, kept mails, lines of the journal.",
        "What remains, and why:",
        *_still_held(found, clock),
        "  a random id in leaves and decisions, without which older proofs would not hold",
        "  a keyed hash of the address, which leads to no id: marketing stays away until they confirm anew",
        f"  {backups}",
        *(
            ["  backups of until the hold ends: they have what it keeps, and count from its end"]
            * bool(found.holds)
        ),
        *_on_server(settings),
        *[
            f"  {file}, if they stand in it: delete it"
            for file in faulty_rows(folder / settings.stores.folder)
        ],
        "  what others were told: webhooks, mail servers and their logs, mails in mailboxes",
    ]


def _on_server(settings: Settings) -> list[str]:
    if not (settings.stores.url or settings.stores.consent_url):
        return []
    return [
        "  the PostgreSQL server's log of writes, until its segments are reused: docs/erasure.md ends that"
    ]


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def _tell(output: str, found: Found | None, done: Erasure | None, lines: list[str], code: int) -> int:
    if output == "json":
        print(msgspec.json.encode({"found": found, "erasure": done, "says": lines}).decode())
    else:
        print("\n".join(lines), file=sys.stderr if code == _REFUSED else sys.stdout)
    return code
