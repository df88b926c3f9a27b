"""Quick fixes: what the help of a finding says to write, put in its place.

A help is meant for people, so a fix is offered only after the project was checked with it: the finding is
gone then, and no error has come."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lsprotocol.types import CodeAction, CodeActionKind, Range, TextEdit, WorkspaceEdit

from dsl.found.finding import Finding, Severity
from virta.language_server.findings import diagnostic
from virta.language_server.positions import Text
from virta.language_server.snapshot import Snapshot

_WRITE = re.compile(r"Write `([^`]+)`(?:, as in .*)?\.")
_LINE_OUT = "Leave this line out."
_WORDS_OUT = "Leave it out."
_ENDING = ".flow"


@dataclass(frozen=True, slots=True)
class _Fix:
    title: str
    range: Range
    new: str


def quick_fixes(snapshot: Snapshot, file: str, uri: str, chosen: Range) -> list[CodeAction]:
    """The fixes for the findings that stand in a range of a `.flow` file."""
    if not file.endswith(_ENDING):
        return []
    actions = []
    for finding in snapshot.findings:
        if finding.span.file != file:
            continue
        shown = diagnostic(finding, snapshot)
        if not _touch(shown.range, chosen):
            continue
        for fix in _fixes(finding, snapshot.text(file)):
            if _sure(fix, finding, snapshot):
                edit = WorkspaceEdit(changes={uri: [TextEdit(fix.range, fix.new)]})
                kind = CodeActionKind.QuickFix
                actions.append(CodeAction(fix.title, kind, [shown], is_preferred=True, edit=edit))
    return actions


def _touch(one: Range, other: Range) -> bool:
    ends = [
        ((each.start.line, each.start.character), (each.end.line, each.end.character))
        for each in (one, other)
    ]
    return ends[0][0] <= ends[1][1] and ends[1][0] <= ends[0][1]


def _fixes(finding: Finding, text: Text) -> Iterator[_Fix]:
    if found := _WRITE.fullmatch(finding.help):
        yield _Fix(f"Write `{found[1]}`", text.range_of(finding.span), found[1])
    elif finding.help == _LINE_OUT:
        line = finding.span.line
        whole = Range(text.position(line, 1), text.position(line + 1, 1))
        if line < len(text.rows):
            yield _Fix("Leave this line out", whole, "")
    elif finding.help == _WORDS_OUT:
        yield _Fix("Leave it out", text.range_of(finding.span), "")


def _sure(fix: _Fix, finding: Finding, snapshot: Snapshot) -> bool:
    """Whether the project is better by the fix: the finding is gone, no error is new."""
    file = finding.span.file
    mended = snapshot.with_text(file, edited(snapshot.text(file), [TextEdit(fix.range, fix.new)]))
    before, after = _counted(snapshot.findings), _counted(mended.findings)
    key = (finding.code, finding.message)
    new = {each for each in after if after[each] > before.get(each, 0)}
    return after.get(key, 0) < before[key] and not any(
        severity is Severity.ERROR for severity in _severities(new, mended)
    )


def _counted(findings: Iterable[Finding]) -> dict[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = {}
    for each in findings:
        key = (each.code, each.message)
        counts[key] = counts.get(key, 0) + 1
    return counts


def _severities(keys: set[tuple[str, str]], snapshot: Snapshot) -> Iterator[Severity]:
    return (each.severity for each in snapshot.findings if (each.code, each.message) in keys)


def edited(text: Text, edits: Iterable[TextEdit]) -> str:
    """A text with edits carried out; they do not overlap."""
    whole = text.whole
    for edit in sorted(
        edits, key=lambda each: (each.range.start.line, each.range.start.character), reverse=True
    ):
        start, end = text.offset(edit.range.start), text.offset(edit.range.end)
        whole = whole[:start] + edit.new_text + whole[end:]
    return whole
