"""An import in words: the files and their columns, what would happen or has happened, and what is wrong."""

import csv
import io
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from consent.contract.imports import Brought, ImportRecord, Untold
from virta.importing.columns import Column, Role
from virta.importing.order import Prepared
from virta.importing.reading import Source
from virta.importing.table import Fault
from virta.importing.undoing import Undone
from virta.importing.values import like_a_formula
from virta.operating.recording import last_day

_SHOWN = 5
"""So many faults are shown at once; the file has them all."""

_LINES = {
    Brought.LEFT: "left the other system: they get nothing here either",
    Brought.AGREED_SINCE: "left the other system, and have confirmed here since: they stay as they are",
    Brought.ATTESTED: "attested: agreed, on your word, and marked so in every proof",
    Brought.UNPROVEN: "unproven: known, and sent no marketing until they confirm",
    Brought.KNOWN: "known here: they stay as they are",
    Brought.WITHDRAWN: "withdrawn here: they stay so",
    Brought.STOPPED: "stopped here by a bounce, a complaint or an objection: they stay so",
    Brought.ERASED: "erased here, or said that they never asked: nothing is taken over",
    Brought.SUPPRESSED: "on the other system's lists of those who get nothing: not taken over",
    Brought.NEVER: "never subscribed there: not taken over",
    Brought.REPEATED: "the same address once more: passed over",
}

_ROLES = {
    Role.EMAIL: "the address",
    Role.STATUS: "where they stand",
    Role.REASON: "why they get nothing",
    Role.STOPPED_AT: "since when they get nothing",
    Role.SIGNED_UP_AT: "when they signed up (evidence)",
    Role.SIGNED_UP_IP: "from where they signed up (evidence)",
    Role.CONFIRMED_AT: "when they confirmed (evidence)",
    Role.CONFIRMED_IP: "from where they confirmed (evidence)",
    Role.SOURCE: "how they came (evidence)",
    Role.TAGS: "tags",
    Role.DETAILS: "attributes, as JSON",
    Role.NOTHING: "left out",
}


def about_files(prepared: Prepared) -> list[str]:
    """What was understood of the files."""
    what, title = prepared.what, prepared.meaning.product.title
    lines = [f"From {title}, into the {_topics(what.topics)}:"]
    width = max(len(source.looked.part.shown) for source in prepared.sources)
    for source in prepared.sources:
        looked = source.looked
        written = f"{looked.encoding_shown}, {source.separator}"
        lines.append(f"  {looked.part.shown:<{width}}  {source.kind.title} ({written})")
    for source in prepared.sources:
        if source.looked.guessed:
            lines.append(
                f"  {source.looked.part.shown} is no UTF-8 and is read as Windows-1252. If names look wrong, "
                "say --encoding windows-1257, or whatever it is."
            )
    if what.none:
        lines.append(f"  You say that nobody there has {' or '.join(what.none)}.")
    return lines


def _topics(topics: Sequence[str]) -> str:
    return f"topic {topics[0]}" if len(topics) == 1 else f"topics {', '.join(topics)}"


def about_columns(prepared: Prepared) -> list[str]:
    """What each column is, once, whatever the number of files."""
    columns: dict[str, Column] = {}
    for source in prepared.sources:
        if source.kind.brings or len(prepared.sources) == 1:
            for column in (*source.columns, *source.notes.details.values()):
                columns.setdefault(column.name, column)
    left = [column.name for column in columns.values() if column.to == Role.NOTHING]
    kept = [column for column in columns.values() if column.to != Role.NOTHING]
    width = max((len(column.name) for column in kept), default=0)
    lines = ["Columns:"]
    lines += [f"  {column.name:<{width}}  {_is(column)}" for column in kept]
    if left:
        lines.append(f"  left out: {', '.join(left)}")
        lines.append(
            "  To keep one of them, declare it below `contact` in schema.flow, or say what it is with --map."
        )
    return lines


def _is(column: Column) -> str:
    told = _ROLES[Role(column.to)] if column.to in tuple(Role) else column.to
    return f"{told}, guessed by its name" if column.why == "guessed" else told


def about_rows(rows: int, counts: Mapping[str, int], faults: int, done: bool) -> list[str]:
    """How many rows became, or would become, what."""
    lines = [f"{'What happened' if done else 'What would happen'} to {_many(rows, 'row')}:"]
    found = [(counts.get(brought.value, 0), says) for brought, says in _LINES.items()]
    width = max(len(f"{number:,}") for number, _ in (*found, (faults, "")))
    lines += [f"  {number:>{width},}  {says}" for number, says in found if number]
    if faults:
        lines.append(f"  {faults:>{width},}  faulty: not taken over")
    return lines


def about_notes(sources: Sequence[Source]) -> list[str]:
    """What was seen on the way and is no fault."""
    lines = []
    formulas = sum(source.notes.formulas for source in sources)
    if formulas:
        lines.append(
            f"{_many(formulas, 'value')} would be reckoned with in a spreadsheet, as one with = in front is; "
            "here they are kept as text."
        )
    for source in sources:
        for column, count in source.notes.dropped.items():
            lines.append(
                f"{source.looked.part.shown}: {_many(count, 'value')} of {column} cannot be used and "
                f"{'stays' if count == 1 else 'stay'} out."
            )
    return lines


def about_faults(faults: Sequence[Fault], count: int, file: Path) -> list[str]:
    """The first faults, and where the others stand."""
    lines = [f"{_many(count, 'row')} cannot be read:"]
    for fault in faults[:_SHOWN]:
        column = f", {fault.column}" if fault.column else ""
        lines += [f"  {fault.file}, line {fault.line}{column}: {fault.why}.", f"      {fault.do}"]
    more = "" if count <= _SHOWN else f" and {_many(count - _SHOWN, 'other')}"
    lines.append(f"  They{more} stand in {file}.")
    return lines


def about_import(record: ImportRecord, clock: ZoneInfo) -> list[str]:
    """One line for an import, and one for what came of it."""
    what = record.what
    begun = datetime.fromtimestamp(record.at / 1000, clock)
    names = ", ".join(dict.fromkeys(file.name.partition(":")[0] for file in what.files))
    ordered = sorted(record.counts.items(), key=lambda each: (-each[1], each[0]))
    counted = ", ".join(f"{count:,} {name}" for name, count in ordered if count)
    state = {"running": "not finished: give the same command again", "done": "done", "undone": "undone"}
    return [
        f"{what.id}  {begun:%Y-%m-%d %H:%M}  {what.product}  {names}  {state[record.state]}",
        f"    by {what.importer}, into the {_topics(what.topics)}: {counted or 'nothing yet'}",
    ]


def about_undoing(found: Undone, done: bool) -> list[str]:
    """What undoing an import came to, or would."""
    lines = [f"Import {found.id}:"]
    forgotten, back, stay = (_many(count, "person", "people") for count in _numbers(found))
    if done:
        lines += [
            f"  {forgotten} forgotten; the engine follows, at once or with its next start",
            f"  {back} put back where they stood; attributes that they got stay",
            f"  {stay} left as they are, for they have acted since",
            "Undone. Whoever had left the other system stays away: nothing but their own wish changes that.",
        ]
    else:
        lines += [
            f"  {forgotten} would be forgotten",
            f"  {back} would be put back where they stood; attributes that they got stay",
            f"  {stay} would be left as they are, for they have acted since",
            "Nothing was imported. With --yes it is done.",
        ]
    return lines


def about_notices(waiting: Untold, event: str, done: bool, clock: ZoneInfo) -> list[str]:
    """Who is still to be told where their data is from, and what is done about it."""
    if not waiting.people:
        return ["Everybody whom an import brought knows where their data is from."]
    people = _many(waiting.people, "person is", "people are")
    lines = [
        f"{people} still to be told where their data is from, the first by {last_day(waiting.first, clock)}."
    ]
    if waiting.late:
        lines.append(f"For {_many(waiting.late, 'person', 'people')} of them it is too late already.")
    if done:
        return [*lines, f"{event} happens to each of them while Virta serves, once."]
    return [*lines, f"Nothing was changed. With --yes {event} happens to each of them."]


def _numbers(found: Undone) -> tuple[int, int, int]:
    return found.forgotten, found.put_back, found.stay


class FaultsFile:
    """The file of faults, written while they are found, and safe to open in a spreadsheet. The first of them
    are kept in `first`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.first: list[Fault] = []
        self._file: io.TextIOWrapper | None = None

    def add(self, fault: Fault) -> None:
        """Write one more."""
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            opened = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            self._file = os.fdopen(opened, "w", encoding="utf-8-sig", newline="")
            self._write(("file", "line", "column", "why", "what to do"))
        self._write((fault.file, str(fault.line), fault.column, fault.why, fault.do))
        if len(self.first) < _SHOWN:
            self.first.append(fault)

    def _write(self, cells: Sequence[str]) -> None:
        assert self._file is not None
        csv.writer(self._file).writerow([f"'{cell}" if like_a_formula(cell) else cell for cell in cells])

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._file is not None:
            self._file.close()


def _many(count: int, what: str, several: str = "") -> str:
    return f"{count:,} {what if count == 1 else several or what + 's'}"
