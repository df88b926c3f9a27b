"""The one table of states: who may take which step, and that nothing beside it moves anybody."""

import re
from pathlib import Path

import pytest

from consent.mails.gate import _RESTS_ON
from consent.states import GOING, GRANTS, MAY, STANDING, STOPPED, TRANSITIONS, State, Step, may

ROOT = Path(__file__).parents[2]


def test_only_a_confirmation_leads_out_of_withdrawn_and_objected() -> None:
    """Whatever else is done there leaves people where they are."""
    ways = {step for (before, step), after in TRANSITIONS.items() if before in STOPPED and after != before}
    assert ways == {Step.CONFIRMED}
    assert MAY[Step.CONFIRMED] == {"subject:link"}


def test_every_state_can_be_left_by_withdrawing_and_by_objecting() -> None:
    """And stays left."""
    for step in (Step.WITHDRAWN, Step.OBJECTED, Step.OBJECTED_TO_PROFILING):
        assert {TRANSITIONS[state, step] for state in State} == STOPPED


@pytest.mark.parametrize("actor", ["operator", "system:time", "import:abc", "shop:api", "flow:win_back"])
def test_nobody_else_confirms_or_renews(actor: str) -> None:
    """Nor does the person by any other way than the link in a mail."""
    for step in (Step.CONFIRMED, Step.RENEWED):
        assert not may(step, actor)
        assert not may(step, "subject:sign_up")
        assert may(step, "subject:link")


def test_every_step_leads_somewhere_and_has_somebody_who_may_take_it() -> None:
    """The table is whole, and grants lead to where mail may go."""
    assert MAY.keys() == set(Step) == {step for _, step in TRANSITIONS}
    assert all(MAY.values())
    for (_, step), after in TRANSITIONS.items():
        if step in GRANTS:
            assert after in (State.ACTIVE, State.ATTESTED, State.SOFT_ACTIVE)


def test_one_set_says_where_mail_may_go_and_one_where_there_is_something_to_leave() -> None:
    """The gate, whatever a topic rests on, lets mail go from the first alone, and nobody can stand in the
    second whom a withdrawal would pass over."""
    assert frozenset().union(*_RESTS_ON.values()) == GOING < STANDING
    nothing = {State.NONE, State.REFUSED, State.EXPIRED}
    assert STANDING | STOPPED | nothing == set(State)
    assert not STANDING & (STOPPED | nothing)


def test_a_state_is_written_in_one_place() -> None:
    """Rows of standings are put and changed by `move` alone, and by what has them follow their leaves again;
    elsewhere they are read, forgotten, marked as asked, or end as late as the link that is about them."""
    writes = re.compile(r"insert\(standings\)|standings\.insert|update\(standings\)|standings\.update")
    found = {
        path.relative_to(ROOT).as_posix(): len(writes.findall(path.read_text("utf-8")))
        for path in (ROOT / "consent").rglob("*.py")
        if writes.search(path.read_text("utf-8"))
    }
    assert found == {
        "consent/ledger/subjects.py": 1,
        "consent/subscriber/resolved.py": 1,
        "consent/subscriber/wishes.py": 1,
        "consent/timed/renewal.py": 1,
    }
    ends = (ROOT / "consent" / "subscriber" / "wishes.py").read_text("utf-8")
    assert '.values(expires=bindparam("until"))\n' in ends
    marks = (ROOT / "consent" / "timed" / "renewal.py").read_text("utf-8")
    assert 'values(asked=bindparam("present"))' in marks
