"""`virta fmt`: flows in canonical form."""

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    from dsl.found.finding import Finding
    from dsl.found.source import Source

_STDIN = "-"
_ELSEWHERE = "EUR"
"""The currency of flows that stand in no project: one that a finding may propose."""

_PAINTS = (
    ("+++", "\x1b[1m"),
    ("---", "\x1b[1m"),
    ("@@", "\x1b[36m"),
    ("+", "\x1b[32m"),
    ("-", "\x1b[31m"),
)
_PLAIN, _END = "\x1b[0m", "\n"


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What has become of one file: whether it `differs` from its canonical form, and whether it is `faulty`
    and was left as it is."""

    differs: bool = False
    faulty: bool = False


def fmt(
    *paths: Annotated[Path, Parameter(allow_leading_hyphen=True)],
    check: bool = False,
    diff: bool = False,
) -> int:
    """Lay out flows in canonical form: same meaning, every comment kept.

    Parameters
    ----------
    paths
        Folders, whose flows and scenarios are all taken, or files that end in .flow; - reads standard input
        and writes to standard output.
    check
        Change nothing, list the files that are not in canonical form.
    diff
        Change nothing, show what would change.
    """
    from virta.settings import BrokenProject

    if Path(_STDIN) in paths:
        if len(paths) > 1:
            raise BrokenProject("Standard input (-) stands alone, without files.")
        return _exit_code([_stdin(check, diff)], check)
    outcomes = [_file(file, check, diff) for file in list(_files(paths or (Path(),)))]
    print(_summary(outcomes, kept=check or diff), file=sys.stderr)
    return _exit_code(outcomes, check)


def _summary(outcomes: Sequence[_Outcome], *, kept: bool) -> str:
    differing = sum(outcome.differs for outcome in outcomes)
    faulty = sum(outcome.faulty for outcome in outcomes)
    parts = {
        "would change" if kept else "formatted": differing,
        "in canonical form": len(outcomes) - differing - faulty,
        f"left as {'it is' if faulty == 1 else 'they are'}": faulty,
    }
    told = [f"{number} file{'' if number == 1 else 's'} {what}" for what, number in parts.items() if number]
    return f"{', '.join(told)}." if told else "There are no flows here."


def _exit_code(outcomes: Sequence[_Outcome], check: bool) -> int:
    return 1 if any(each.faulty or (check and each.differs) for each in outcomes) else 0


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    """The files that are meant; of several links to one file the first."""
    from virta.project.folder import flow_files
    from virta.settings import BrokenProject

    seen = set()
    for path in paths:
        if str(path).startswith("-") and not path.exists():
            raise BrokenProject(f"Unknown option: {path}. See `virta fmt --help`.")
        if not path.is_dir() and not path.is_file():
            raise BrokenProject(f"There is no file or folder {path}.")
        if path.is_file() and path.suffix != ".flow":
            raise BrokenProject(f"{path} is no file of flows: their names end in .flow.")
        for file in flow_files(path) if path.is_dir() else [path]:
            real = file.resolve()
            if real not in seen:
                seen.add(real)
                yield file


def _file(path: Path, check: bool, diff: bool) -> _Outcome:
    from virta.project.rewriting import replace_content

    try:
        data = path.read_bytes()
        text = _formatted(str(path), data, path.parent)
        if text is None:
            return _Outcome(faulty=True)
        if text.encode() == data:
            return _Outcome()
        if diff:
            _show_diff(str(path), data, text)
        elif check:
            print(path)
        else:
            replace_content(path, text.encode())
            print(path)
    except OSError as fault:
        reason = fault.strerror or str(fault)
        print(f"virta: {path} is left as it is: {reason[:1].lower()}{reason[1:]}.", file=sys.stderr)
        return _Outcome(faulty=True)
    return _Outcome(differs=True)


def _stdin(check: bool, diff: bool) -> _Outcome:
    """Standard input to standard output. Text with faults comes out as it went in: nothing is lost."""
    data = sys.stdin.buffer.read()
    name = "standard input"
    text = _formatted(name, data, Path())
    differs = text is not None and text.encode() != data
    if diff and text is not None:
        _show_diff(name, data, text)
    elif not check and not diff:
        sys.stdout.flush()
        sys.stdout.buffer.write(data if text is None else text.encode())
        sys.stdout.buffer.flush()
    return _Outcome(differs, text is None)


def _formatted(name: str, data: bytes, folder: Path) -> str | None:
    """The canonical text; None, with the reason on standard error, if there is none."""
    from dsl.format import FormattingFault, format_source
    from dsl.found.finding import Severity
    from dsl.found.source import read_source

    try:
        done = format_source(name, data, _currency(folder.resolve()))
    except FormattingFault as fault:
        told = f"{fault} This is a defect of Virta: please report it, with the file."
        print(f"virta: {name} is left as it is. {told}", file=sys.stderr)
        return None
    if any(finding.severity is Severity.ERROR for finding in done.findings):
        _tell(done.findings, name, read_source(name, data)[0])
        return None
    return done.text


def _tell(findings: Sequence["Finding"], name: str, source: "Source") -> None:
    from dsl.found.report import as_text
    from virta.terminal.colours import coloured

    print(as_text(findings, {name: source}, coloured(sys.stderr)), file=sys.stderr)


@cache
def _currency(folder: Path) -> str:
    """That of the project in which a folder stands."""
    from virta.settings import BrokenProject, read_settings

    for each in (folder, *folder.parents):
        if (each / "virta.toml").is_file():
            try:
                return read_settings(each).currency
            except BrokenProject:
                return _ELSEWHERE
    return _ELSEWHERE


def _show_diff(name: str, data: bytes, text: str) -> None:
    """What would change, as a unified diff."""
    from difflib import unified_diff

    from virta.terminal.colours import coloured

    bright = coloured(sys.stdout)
    before = data.decode("utf-8", "replace")
    for line in unified_diff(_rows(before), _rows(text), name, f"{name} (formatted)"):
        paint = next((paint for start, paint in _PAINTS if line.startswith(start)), "") if bright else ""
        print(f"{paint}{line.rstrip(_END)}{_PLAIN if paint else ''}")
        if not line.endswith(_END):
            print("\\ No newline at end of file")


def _rows(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)
