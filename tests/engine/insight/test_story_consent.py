"""What a person agreed to and took back, in her story."""

import pytest
from person import ANNA, DAY, MONDAY
from told_story import told

from engine.insight.story import Happening, Person, Stand


def test_evidence_that_does_not_hold_is_told_beside_what_it_was_of() -> None:
    """One damaged row hides neither the person nor itself."""
    kept = Happening(7, MONDAY, "confirmed", "news", "subject:link", holds=True)
    damaged = Happening(8, MONDAY, "confirmed", "news", "subject:link", holds=False)
    person = Person("1" * 32, "anna@example.com", "en", (), (kept, damaged))
    assert [line.text.partition("What was kept")[2] for line in told(person=person)] == [
        "",
        " as evidence of it is missing, or no longer what the log committed to.",
    ]


def test_a_stop_is_told_with_its_way() -> None:
    """Who withdrew by which button, or which flow did it for them."""
    stops = (
        Happening(8, MONDAY, "withdrawn", "news", "subject:one_click"),
        Happening(9, MONDAY, "withdrawn", "news", "flow:visit"),
    )
    lines = told(person=Person(ANNA, "anna@example.com", "en", (), stops))
    assert [each.text for each in lines] == [
        "Took the agreement to “News” back with one click on “unsubscribe” in the mail program.",
        "Took the agreement to “News” back, by the flow “A visit”.",
    ]
    assert {each.kind for each in lines} == {"stop"}


def test_purposes_beside_the_topics_are_named_as_they_were_asked() -> None:
    """The project's flows know no topic of that name."""
    stand = Stand("measurement", "Opens and clicks", "active", MONDAY, 5)
    happened = Happening(5, MONDAY, "confirmed", "measurement", "subject:link", "You may count.")
    (line_,) = told(person=Person(ANNA, "anna@example.com", "en", (stand,), (happened,)))
    assert line_.text.startswith("Confirmed “Opens and clicks” by the link")


def test_asking_to_confirm_is_told_once() -> None:
    """That the mail was made ready matters only until the log says what became of it."""
    queued = Happening(5, MONDAY, "proof_mail.queued", "", "subject:sign_up")
    accepted = Happening(6, MONDAY + 1, "proof_mail.accepted", "", "system")

    def texts(*happenings: Happening) -> list[str]:
        return [each.text for each in told(person=Person(ANNA, "anna@example.com", "en", (), happenings))]

    assert texts(queued, accepted) == ["We asked them by mail to confirm."]
    again = Happening(9, MONDAY + DAY, "proof_mail.queued", "", "subject:sign_up")
    assert texts(queued, accepted, again) == [
        "We asked them by mail to confirm.",
        "The mail that asks them to confirm is on its way.",
    ]


@pytest.mark.parametrize(
    ("type_", "value", "said"),
    [
        ("frequency.changed", "monthly", "Chose how often mails may come: at most one a month."),
        ("paused", "30", "Asked for a pause of 30 days."),
        ("paused", "", "Asked for a pause."),
        ("language.changed", "lv", "Chose another language for the mails: lv."),
    ],
)
def test_a_choice_is_told_with_its_value(type_: str, value: str, said: str) -> None:
    """As the evidence has it; without it where there is none."""
    happened = Happening(5, MONDAY, type_, "", "subject:preferences", value=value)
    assert told(person=Person(ANNA, "anna@example.com", "en", (), (happened,)))[0].text == said
