"""Rows as text: their comments in columns, and blank lines where they belong."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from dsl.format.page import Row

_GAP = 2


def shown(rows: Sequence[Row]) -> str:
    """The text of a file, with one line end at its end; empty if there is no row."""
    out: list[str] = []
    for row in (row for run in _runs(rows) for row in _in_column(run)):
        if row.apart:
            out.append("")
        margin = " " * (row.column if row.hanging else row.indent)
        code = margin + row.code
        beside = row.comment and row.code
        out.append(code.ljust(row.column) + row.comment if beside else code + row.comment)
    return "".join(f"{line}\n" for line in out)


def _runs(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Neighbouring rows whose comments stand in one column: lines of code with a comment, and what hangs from
    the last of them. Any other row is a run of its own."""
    run: list[Row] = []
    for row in rows:
        joins = run and run[0].code and run[0].comment and not row.apart
        beside = row.code and row.comment and not run[-1].hanging if run else False
        if not (joins and (row.hanging or beside)):
            if run:
                yield run
            run = []
        run.append(row)
    if run:
        yield run


def _in_column(run: list[Row]) -> list[Row]:
    """The run with its comments where they stood, if that was one column with room enough; else two blanks
    behind the longest line."""
    if not (run[0].code and run[0].comment):
        return run
    longest = max(row.indent + len(row.code) for row in run if row.code)
    columns = {row.column for row in run}
    column = columns.pop() if len(columns) == 1 else 0
    return [replace(row, column=max(column, longest + _GAP)) for row in run]
