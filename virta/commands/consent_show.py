"""`virta consent show`: everything that is known of one address."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from cyclopts import Parameter

from consent.address import read_address
from consent.contract import InvalidAddress
from consent.contract.history import Decided, History
from engine.insight.outside import one_line
from virta.commands.consent_opening import Folder, Format
from virta.operating.asking import reading
from virta.operating.evidence import in_words
from virta.operating.evidence import moment as moment_of
from virta.operating.kept import files_of
from virta.settings import BrokenProject, Settings, read_settings
from virta.terminal.named import named

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
"""Never another file, and none behind a link."""


def show(
    address: Annotated[
        str, Parameter(help="An e-mail address; `-` reads it from standard input.", allow_leading_hyphen=True)
    ],
    folder: Folder = Path(),
    *,
    proofs: Annotated[
        Path | None,
        Parameter(help="A folder for a file per leaf, by which the person can prove it without us."),
    ] = None,
    evidence: Annotated[
        Path | None,
        Parameter(
            help="A folder for what is kept as evidence: mails as they were sent, forms as they were shown, "
            "receipts."
        ),
    ] = None,
    output: Format = "text",
) -> int:
    """Show where a person stands, what happened, and each decision about a mail to them. Exit code 1:
    unknown."""
    address = named(address)
    try:
        read_address(address)
    except InvalidAddress as fault:
        print(f"virta: `{address}` is no e-mail address: {fault}", file=sys.stderr)
        return 2
    settings = read_settings(folder.resolve())
    found = asyncio.run(_found(folder, settings, address, (proofs, evidence), output))
    if output == "json":
        print(msgspec.json.encode(found).decode())
    elif found is None:
        print(f"Nobody with the address {address} is known here.")
    else:
        _print(found, ZoneInfo(settings.time_zone))
    return 0 if found else 1


async def _found(
    folder: Path,
    settings: Settings,
    address: str,
    places: tuple[Path | None, Path | None],
    output: Format,
) -> History | None:
    """What is known; proofs and evidence go into these two folders, where they are wanted."""
    proofs, evidence = places
    async with reading(folder, settings) as consent:
        subject = await consent.find(address)
        found = await consent.history(subject, address) if subject is not None else None
        if found is not None and proofs is not None:
            made = {one.name: one.text.encode() for one in await consent.leaf_proofs(found.subject)}
            said = f"{len(made)} proofs are in {proofs}; `virta consent verify` checks each by itself."
            _write(proofs, made, said, output)
        if found is not None and evidence is not None:
            kept = await files_of(found, consent.shown)
            _write(evidence, kept, f"{len(kept)} files of evidence are in {evidence}.", output)
    return found


def _write(folder: Path, files: Mapping[str, bytes], said: str, output: Format) -> None:
    """For their owner only, in a folder likewise, and none of them over a file that is there."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in files:
            if os.path.lexists(folder / name):
                raise BrokenProject(f"{folder / name} is there already; name a folder that is new or empty.")
        for name, content in files.items():
            with os.fdopen(os.open(folder / name, _NEW, 0o600), "wb") as file:
                file.write(content)
    except OSError as fault:
        raise BrokenProject(f"{fault.filename} cannot be written: {fault.strerror}.") from None
    if output == "text":
        print(said)


def _print(found: History, clock: ZoneInfo) -> None:
    def moment(at: int) -> str:
        return moment_of(at, clock)

    address = one_line(found.address)
    language = f", language {found.language}" if found.language else ""
    print(f"{address} is subject {found.subject}{language}.")
    print(f"Withdrawals, objections, complaints, bounces and other stops: {found.epoch}")
    for stands in found.standings:
        print(f"  {stands.topic}: {stands.state} since {moment(stands.since)} (leaf {stands.leaf})")
    if found.events:
        print("What happened:")
    before: object = None
    for event in found.events:
        change = f" {event.before} to {event.after}" if event.after else ""
        topic = f" {event.topic}" if event.topic else ""
        print(f"  {event.leaf:>6}  {moment(event.at)}  {event.type}{topic}{change}, by {event.actor}")
        if event.wording:
            print(f'          words ({event.language}): "{one_line(event.wording)}"')
        if event.evidence is not None:
            same = event.evidence == before
            print(f"          evidence: {'the same' if same else in_words(event.evidence, clock)}")
            before = event.evidence
        if event.holds is False:
            print("          the evidence is missing, or no longer what the log committed to")
    if found.decisions:
        print("Decisions about mails:")
    for one in found.decisions:
        verdict = f"denied: {one.reason}" if one.reason else _allowed(one)
        ended = f", {one.outcome} {one.code or ''}".rstrip() if one.outcome else ""
        topic = f" {one.topic}" if one.topic else ""
        print(f"  {one.leaf:>6}  {moment(one.at)}  {one.mail_class}{topic}, {verdict}{ended}")
    if found.decisions_since:
        print(f"Decisions from before {moment(found.decisions_since)} are kept no longer.")
    print(f"Times are those of {clock.key}.")


def _allowed(decision: Decided) -> str:
    """A mail of the service rests on no consent: its decision names the leaf 0."""
    return f"allowed by leaf {decision.consent_leaf}" if decision.consent_leaf else "allowed"
