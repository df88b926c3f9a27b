"""Two versions of a flow side by side: which step is which, and where everybody will stand."""

import pytest
from golden_cases import GOLDEN, compiled_case, compiled_text

from dsl.align import Alignment, Change, Declared, align, compare
from dsl.graph import Graph, Program

OLD = (
    "send first",
    "wait 1 day",
    "send second",
    "if any order_paid",
    "    wait 3 days",
    "    send third",
    "else",
    "    wait 5 days",
    "send thanks",
)


def program(text: str) -> Program:
    found = compiled_text(text)
    assert found.program is not None, found.findings
    return found.program


def graph(*steps: str, head: tuple[str, ...] = ()) -> Graph:
    lines = "\n".join(f"    {line}" for line in ("start on order_placed", *head, "", *steps))
    return program(f"flow case\n    topic news\n{lines}\n").flows[0]


def places(found: Alignment) -> dict[str, str | None]:
    return {each.old: each.new for each in found.placements}


def edit(*, old: str, new: tuple[str, ...]) -> tuple[str, ...]:
    """The steps of OLD with one line replaced by others at its depth."""
    place = OLD.index(old)
    return (*OLD[:place], *new, *OLD[place + 1 :])


def test_a_version_beside_itself_changes_nothing() -> None:
    """Every step is itself; of all flows that the golden cases hold."""
    for path in sorted((GOLDEN / "good").glob("*.flow")):
        found = compiled_case(path).program
        assert found is not None
        for each in found.flows:
            beside = align(each, each)
            assert not beside.changed
            assert all(one.old == one.new and not one.changes for one in beside.placements)
        assert not compare(found, found, {"first": "a"}, {"first": "a"}).changed


def test_a_wait_that_somebody_called_wait_2_keeps_its_people() -> None:
    """By that name, wherever it stands; one that is `wait_2` by its place alone goes by what it says."""
    named = ("send first", "wait 1 day as wait_2", "send second", "wait 3 days", "send third")
    edited = ("send first", "wait 3 days", "send second", "wait 2 days as wait_2", "send third")
    assert graph(*named).named == ("wait_2",)
    before = {each.old: (each.new, each.how) for each in align(graph(*named), graph(*edited)).placements}
    assert before["wait_2"] == ("wait_2", "name")
    nameless = tuple(step.replace(" as wait_2", "") for step in named)
    again = tuple(step.replace(" as wait_2", "") for step in edited)
    found = {each.old: each.how for each in align(graph(*nameless), graph(*again)).placements}
    assert "name" not in {how for old, how in found.items() if old.startswith("wait")}
    given = align(graph(*nameless), graph(*named))
    assert [(each.old, change) for each in given.placements for change in each.changes] == [
        ("wait_1", Change("name", "", "wait_2"))
    ]


def test_a_mail_is_matched_by_its_name_even_if_it_is_called_like_a_step() -> None:
    """`step_1` and `wait_2` may be what somebody calls mails; a step of another kind is nameless by it."""
    old = ("send first as step_1", "wait 1 day", "send second as wait_2")
    new = ("send third as step_1", "wait 1 day", "send thanks as wait_2")
    found = align(graph(*old), graph(*new))
    assert [(each.new, each.how) for each in found.placements] == [
        ("step_1", "name"),
        ("wait_1", "content"),
        ("wait_2", "name"),
    ]


def test_a_longer_wait_is_the_same_wait() -> None:
    """Between two mails that both stay; whoever waits there stays."""
    found = align(graph(*OLD), graph(*edit(old="wait 1 day", new=("wait 2 days",))))
    assert found.placements[1].new == "wait_1"
    assert found.placements[1].changes == (Change("", "wait 1 day", "wait 2 days"),)
    assert found.added == ()
    assert places(found) == {each.old: each.old for each in found.placements}


def test_a_new_wait_shifts_the_numbers_and_not_the_people() -> None:
    """What was `wait_1` is `wait_2` now, as it says the same before the same mail."""
    found = align(graph(*OLD), graph("wait 1 hour", *OLD))
    assert places(found)["wait_1"] == "wait_2"
    assert places(found)["wait_3"] == "wait_4"
    assert [each.says for each in found.added] == ["wait 1 hour"]
    assert not any(each.changes or each.removed for each in found.placements)


def test_whoever_stands_at_a_mail_that_is_no_more_goes_on() -> None:
    """To the nearest step behind it on the old way; another template is another mail."""
    found = align(graph(*OLD), graph(*edit(old="    send third", new=())))
    gone = next(each for each in found.placements if each.old == "third")
    assert (gone.new, gone.how, gone.removed) == ("thanks", "next", True)
    swapped = align(
        graph("send first", "wait 1 day", "send second"), graph("send first", "wait 1 day", "send third")
    )
    assert places(swapped)["second"] is None
    assert [each.new for each in swapped.added] == ["third"]
    assert swapped.placements[2].how == "end"


def test_a_whole_arm_that_is_gone_leads_behind_it() -> None:
    """The way of the old version decides, not what stands next on the page."""
    found = align(graph(*OLD), graph(*OLD[:3], "send thanks"))
    assert {name: places(found)[name] for name in ("if_1", "wait_2", "third", "wait_3")} == {
        "if_1": "thanks",
        "wait_2": "thanks",
        "third": "thanks",
        "wait_3": "thanks",
    }


def test_moved_says_where_people_go() -> None:
    """Also where a step of another kind takes them, and before any name is looked at."""
    new = graph("wait 2 days as pause", *OLD[2:], head=("moved first to pause",))
    found = align(graph(*OLD), new)
    assert (found.placements[0].new, found.placements[0].how) == ("pause", "moved")
    assert places(found)["wait_1"] == "second"


def test_a_name_is_kept_wherever_it_stands() -> None:
    """Two mails that change places are themselves; one of them is told to stand elsewhere."""
    old = graph("send first", "wait 1 day", "send second", "wait 2 days", "send third")
    new = graph("send second", "wait 1 day", "send first", "wait 2 days", "send third")
    found = align(old, new)
    assert places(found)["first"] == "first"
    assert places(found)["second"] == "second"
    assert len(found.reordered) == 1
    assert found.changed


def test_giving_a_name_is_told_and_moves_nobody() -> None:
    """A wait is recognised by what it says, and has a name from now on."""
    found = align(graph(*OLD), graph(*edit(old="wait 1 day", new=("wait 1 day as pause",))))
    assert places(found)["wait_1"] == "pause"
    assert found.placements[1].changes == (Change("name", "", "pause"),)


def test_a_mail_may_change_its_name() -> None:
    """The same template with the same values is the same mail under another name."""
    found = align(graph(*OLD), graph(*edit(old="send second", new=("send second as reminder",))))
    assert places(found)["second"] == "reminder"
    assert found.placements[2].changes == (Change("name", "second", "reminder"),)


def test_a_name_that_means_another_kind_of_step_says_so() -> None:
    """Whoever waited two days now waits for an event, at the step of that name."""
    old = graph("wait 2 days as pause", "send first")
    new = graph("wait for order_paid up to 2 days as pause", "send first")
    (change,) = align(old, new).placements[0].changes
    assert (change.before, change.after) == ("wait 2 days", "wait for order_paid up to 2 days")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("send first", "send first with city contact.city", Change("with city", "", "contact.city")),
        (
            "wait for order_paid where total > 5 EUR up to 1 day",
            "wait for order_paid where total > 9 EUR up to 1 day",
            Change("order_paid where", "total > 5 EUR", "total > 9 EUR"),
        ),
        ("if any order_paid", "if no order_paid", Change("", "any order_paid", "no order_paid")),
        (
            "repeat up to 2 times",
            "repeat up to 3 times",
            Change("", "repeat up to 2 times", "repeat up to 3 times"),
        ),
        ('tell "care@kafija.example" "a"', 'tell "care@kafija.example" "b"', Change("text", "a", "b")),
    ],
)
def test_what_a_step_says_otherwise(before: str, after: str, expected: Change) -> None:
    """Part by part, in the words of the language."""
    block = ("    send second",) if before.startswith(("if", "repeat")) else ()
    found = align(graph(before, *block, "send third"), graph(after, *block, "send third"))
    assert found.placements[0].changes == (expected,)
    assert places(found) == {each.old: each.old for each in found.placements}


def test_a_step_that_leads_elsewhere_is_told() -> None:
    """The same steps in the same order, but one mail stands below the condition and not in it."""
    old = graph("if any order_paid", "    send first", "    wait 1 day", "send second")
    new = graph("if any order_paid", "    send first", "wait 1 day", "send second")
    found = align(old, new)
    assert found.changed
    assert found.rerouted == ("if_1",)
    assert not found.added


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            ("enter again after 7 days",),
            ("enter again after 2 weeks",),
            ("enter again after 7 days", "enter again after 14 days"),
        ),
        ((), ("leave on order_paid",), ("", "leave on order_paid")),
        (("goal order_paid within 3 days",), (), ("goal order_paid within 3 days", "")),
        ((), ("start on order_paid",), ("", "start on order_paid")),
        (
            ("at most 2 emails per week",),
            ("at most 1 email per week",),
            ("at most 2 emails per week", "at most 1 email per week"),
        ),
        ((), ("quiet 21:00 to 08:00",), ("", "quiet 21:00 to 08:00")),
        ((), ("priority 2",), ("priority 5", "priority 2")),
        ((), ("holdout 10%",), ("", "holdout 10%")),
        ((), ('time zone "Europe/Riga"',), ("", 'time zone "Europe/Riga"')),
    ],
)
def test_what_a_head_says_otherwise(
    before: tuple[str, ...], after: tuple[str, ...], expected: tuple[str, str]
) -> None:
    """Line by line; a default counts as its line."""
    (change,) = align(graph(*OLD, head=before), graph(*OLD, head=after)).heads
    assert (change.before, change.after) == expected


def test_lines_that_may_repeat_are_compared_one_by_one() -> None:
    """Of two `leave on` lines one is kept."""
    old = graph(*OLD, head=("leave on order_paid", "leave on order_refunded"))
    new = graph(*OLD, head=("leave on order_refunded", "leave on order_delivered"))
    assert align(old, new).heads == (Change("leave on", "leave on order_paid", "leave on order_delivered"),)


def test_a_project_beside_its_old_version() -> None:
    """Flows, and each declaration that is new, different or no more, templates by their digests."""
    old = program(
        'topic tips "Tips"\n    for marketing\n    consent "I want tips."\n'
        'segment fans "Fans"\n    count of order_placed > 3\n'
        "flow early\n    topic tips\n    start on order_placed\n\n    send first\n"
        "flow gone\n    topic tips\n    start on order_placed\n\n    send first\n"
    )
    new = program(
        'topic tips "Tips"\n    for marketing\n    consent "I want good tips."\n'
        "    at most 2 emails per week\n"
        'segment fans "Fans"\n    count of order_placed > 5\n'
        'coupon five "Five off"\n    5 EUR off\n    code "FIVE-{random 6}"\n'
        "limits\n    at most 1 email per day\n"
        "flow early\n    topic tips\n    start on order_placed\n\n    send first\n"
        "flow late\n    topic tips\n    start on order_placed\n\n    send first\n"
    )
    found = compare(old, new, {"first": "a", "second": "b"}, {"first": "c", "third": "d"})
    assert (found.flows, found.added, found.removed) == ((), ("late",), ("gone",))
    assert found.declared == (
        Declared("limits", "", "~", (Change("limit per day", "", "at most 1 email per day"),)),
        Declared(
            "topic",
            "tips",
            "~",
            (
                Change("consent", 'consent "I want tips."', 'consent "I want good tips."'),
                Change("limit", "", "at most 2 emails per week"),
            ),
        ),
        Declared(
            "segment",
            "fans",
            "~",
            (Change("condition", "count of order_placed > 3", "count of order_placed > 5"),),
        ),
        Declared("coupon", "five", "+"),
        Declared("template", "first", "~", (Change("content", "a", "c"),)),
        Declared("template", "second", "-"),
        Declared("template", "third", "+"),
    )
