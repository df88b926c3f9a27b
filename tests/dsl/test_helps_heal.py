"""A help that says what to write heals what is underlined."""

import re
from pathlib import Path

import pytest
from golden_cases import GOLDEN, compiled, compiled_case

from dsl.found.finding import Finding, Severity

CASES = sorted((GOLDEN / "bad").glob("E[1-4]*.flow"))
WRITTEN = re.compile(r"Write `([^`…]+)`\.")
BESIDE = {
    "Write `to`.": "it belongs in front of the value that is underlined",
    "Write `with`.": "it belongs in front of the values that are underlined",
}
"""Helps that do not stand for what is underlined, and why."""


def _written(text: str, finding: Finding) -> str | None:
    """The text with what the help says in the place of what is underlined, and of the words before that it
    repeats."""
    found = WRITTEN.fullmatch(finding.help)
    span = finding.span
    if found is None or finding.help in BESIDE or span.line != span.end_line:
        return None
    lines = text.split("\n")
    line = lines[span.line - 1]
    before, under, behind = (
        line[: span.column - 1],
        line[span.column - 1 : span.end_column - 1],
        line[span.end_column - 1 :],
    )
    repeated = next((n for n in range(len(found[1]), 0, -1) if before.endswith(found[1][:n])), 0)
    blank = " " if under.endswith(" ") else ""
    lines[span.line - 1] = before[: len(before) - repeated] + found[1] + blank + behind
    return "\n".join(lines)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_what_a_help_says_heals_what_is_underlined(path: Path) -> None:
    """With it in its place, the same finding does not come again there."""
    text = path.read_bytes().decode("utf-8", "replace")
    for finding in compiled_case(path).findings:
        healed = _written(text, finding)
        if finding.span.file != path.name or healed is None:
            continue
        again = compiled((path.name, healed.encode())).findings
        left = {(each.code, each.span.line, each.span.column) for each in again}
        assert (finding.code, finding.span.line, finding.span.column) not in left, finding.help


HEAD = "flow case\n    topic news\n    start on order_placed\n"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("    if contact.vip is yes\n        send first\n    end\n    send second\n", "    end\n"),
        ("    if contact.vip is yes\n        send first\n    endif\n    send second\n", "    endif\n"),
        ("    repeat up to 3 times\n        wait 1 day\n    end loop\n    send second\n", "    end loop\n"),
        ("    send first\nend\n", "end\n"),
    ],
)
def test_what_closes_a_block_is_left_out(written: str, meant: str) -> None:
    """A `finish` in its place would end the journey there; without the line nothing is wrong."""
    (finding,) = [
        each for each in compiled(("case.flow", (HEAD + written).encode())).findings if _wrong(each)
    ]
    assert finding.help == "Leave this line out."
    healed = HEAD + written.replace(meant, "")
    assert not any(map(_wrong, compiled(("case.flow", healed.encode())).findings))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("    wait until order_placed up to 3 days\n", "    wait for order_placed up to 3 days\n"),
        ("    wait until order_placed\n", "    wait for order_placed up to 7 days\n"),
    ],
)
def test_waiting_for_an_event_keeps_the_time_that_was_written(written: str, meant: str) -> None:
    """Only where none was written the help proposes one."""
    text = HEAD + written + "    send first\n"
    (finding,) = [each for each in compiled(("case.flow", text.encode())).findings if each.code == "E420"]
    healed = _written(text, finding)
    assert healed == HEAD + meant + "    send first\n"
    assert not any(map(_wrong, compiled(("case.flow", healed.encode())).findings))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("start when order_paid where total > 5 EUR", "start on order_paid where total > 5 EUR"),
        ("start when in segment quiet_people", "start on joining segment quiet_people"),
        (
            "start if contact.birthday every year at 09:00",
            "start on date contact.birthday every year at 09:00",
        ),
    ],
)
def test_a_start_when_something_happens_stays_a_start(written: str, meant: str) -> None:
    """It is a line of the head, no step that starts a flow."""
    text = f"flow case\n    topic news\n    {written}\n    send first\n"
    (finding,) = [each for each in compiled(("case.flow", text.encode())).findings if _wrong(each)]
    healed = _written(text, finding)
    assert healed == text.replace(written, meant)
    assert not any(map(_wrong, compiled(("case.flow", healed.encode())).findings))


@pytest.mark.parametrize("wait", ["wait until any order_paid up to 1 day", "wait for order_paid up to 1 day"])
def test_arms_at_the_depth_of_their_wait_are_told_once(wait: str) -> None:
    """Indented as the help says, they are its arms."""
    arm = "on met" if "until" in wait else "on order_paid"
    arms = [f"    {arm}", "        send first", "    on timeout", "        send second"]
    text = "\n".join((f"{HEAD}    {wait}", *arms, "    wait 1 day", "    send third", ""))
    (finding,) = compiled(("case.flow", text.encode())).findings
    assert (finding.code, finding.span.line) == ("E103", 5)
    assert "by 4 blanks more" in finding.help
    healed = "\n".join(
        (f"{HEAD}    {wait}", *(f"    {line}" for line in arms), "    wait 1 day", "    send third", "")
    )
    assert compiled(("case.flow", healed.encode())).findings == ()


def _wrong(finding: Finding) -> bool:
    return finding.severity is Severity.ERROR
