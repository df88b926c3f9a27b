"""What scenarios reach is told step by step and arm by arm."""

from pathlib import Path

from scenes import MEASURED, played, stall_with

from virta.project.folder import load_project
from virta.scenarios.coverage import Covered
from virta.scenarios.report import covered_by
from virta.scenarios.shown import coverage_lines

EVERY_STEP = """
event tasted
    cup text

webhook till
    url "https://till.example/hook"
    secret env TILL_SECRET

topic cups "Cups"
    for marketing
    consent "I want news of cups."

flow every_step
    topic news
    start by request

    send hello
    wait 1 day
    wait until 10:00
    wait until 2040-06-01 at 09:00
    wait until any order_placed up to 5 days
    wait for best time up to 2 days
    wait for product_viewed or page_viewed up to 2 days
        on product_viewed
            add tag "looked"
        on timeout
            remove tag "looked"
    if tagged "looked"
        set contact.first_name to "Curious"
    split lot
        50% left_arm
            tell "team@stall.example" "Left."
        50% right_arm
            emit tasted with cup "small"
    repeat up to 2 times
        call till with name contact.first_name
        wait 1 hour
    start flow other
    unsubscribe from cups
    finish as done

flow other
    topic news
    start by request

    finish
"""

THROUGH = """
scenario "{name}"
    flow every_step
    flow other
    choose {arm} of lot
    contact
        agreed to news
        agreed to cups
    at 2040-05-04 10:00 start flow every_step
    after 1 minute expect send hello
    at 2040-06-02 12:00 {order}
    at 2040-06-03 12:00 {view}
    at 2040-06-30 12:00 expect 1 email
"""


def covered(folder: Path, *scenarios: str) -> dict[str, Covered]:
    stall = stall_with(folder, *scenarios, flows=EVERY_STEP, toml=MEASURED)
    toml = stall / "virta.toml"
    toml.write_text('team = ["team@stall.example"]\n' + toml.read_text("utf-8"), "utf-8")
    outcomes = played(folder, *scenarios, flows=EVERY_STEP)
    for outcome in outcomes:
        assert outcome.failure is None, outcome.failure
    settings, compiled = load_project(stall)
    return {each.flow: each for each in covered_by(settings, compiled, outcomes)}


def test_every_kind_of_step_counts_as_reached(tmp_path: Path) -> None:
    """Two ways through a flow that has them all."""
    one = THROUGH.format(name="one", arm="left_arm", order="order_placed", view="product_viewed")
    other = THROUGH.format(name="other", arm="right_arm", order="expect in wait_4", view="expect no send")
    found = covered(tmp_path, one, other)
    assert (found["every_step"].steps, found["every_step"].reached) == (20, 20)
    assert (found["other"].steps, found["other"].reached) == (1, 1)


def test_an_arm_that_nobody_takes_is_a_gap_of_its_step(tmp_path: Path) -> None:
    """The other event of a wait, the way that a condition did not go, the arm that was not chosen."""
    one = THROUGH.format(name="one", arm="left_arm", order="order_placed", view="product_viewed")
    gaps = covered(tmp_path, one)["every_step"].gaps
    assert [(gap.words, gap.arm) for gap in gaps] == [
        ("wait until any order_placed up to 5 days", "on timeout"),
        ("wait for product_viewed or page_viewed up to 2 days", "on page_viewed"),
        ("wait for product_viewed or page_viewed up to 2 days", "on timeout"),
        ('remove tag "looked"', ""),
        ('if tagged "looked"', "no"),
        ("split lot", "right_arm"),
        ("emit tasted", ""),
    ]


def test_a_flow_whose_scenarios_reach_nothing_is_told_with_all_its_steps(tmp_path: Path) -> None:
    """It has a scenario, though nobody enters; a flow that none names has none."""
    nobody = """
scenario "nobody enters without agreeing"
    flow every_step
    at 2040-05-04 10:00 start flow every_step
    after 1 minute expect no send
"""
    found = covered(tmp_path, nobody)
    every = found["every_step"]
    assert (every.scenarios, every.reached, len(every.gaps)) == (1, 0, every.steps)
    assert all(gap.line for gap in every.gaps)
    lines = list(coverage_lines(tuple(found.values())))
    assert "  every_step  steps 0 of 20  arms 0 of 9" in lines
    (last,) = (line for line in lines if line.startswith("Without a scenario"))
    assert "every_step" not in last
    assert "other" in last
