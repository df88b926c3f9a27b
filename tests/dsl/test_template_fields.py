"""Fields of events that a mail shows, though whoever tells of the event may leave them out."""

import pytest
from golden_cases import compiled
from mail_template import BOTH, HEAD

EVENT = """event lesson_booked
    lesson text
    teacher text
    fee money

"""
HEADS = {
    "own": "start on lesson_booked",
    "shop": "start on order_placed",
}


def told(written: str, topic: str, head: str, steps: str = "    send mail") -> list[str]:
    """What is found in a mail of a flow on a topic, beside the translation that it lacks."""
    flow = f"{EVENT}flow case\n    topic {topic}\n    {head}\n{steps}\n"
    foot = BOTH if topic == "news" else "{{ sender.imprint }}"
    found = compiled(
        ("case.flow", flow.encode()), templates=(("templates/mail.html", (HEAD + foot + written).encode()),)
    )
    return [f"{each.code} {each.message}" for each in found.findings if each.code != "W204"]


def unknown(name: str) -> list[str]:
    """The warning of a value that may be unknown."""
    return [f"W207 `{name}` may be unknown, and then there is nothing to show."]


@pytest.mark.parametrize(
    ("topic", "head", "name", "warned"),
    [
        ("news", HEADS["own"], "teacher", True),
        ("orders", HEADS["own"], "teacher", True),
        ("orders", HEADS["shop"], "coupon", True),
        ("orders", HEADS["shop"], "order_id", False),
        ("news", HEADS["shop"], "coupon", False),
        ("news", "start on subscribed", "topic", False),
        ("orders", f"{HEADS['shop']}\n    one journey per trigger.coupon", "coupon", False),
        ("news", f"{HEADS['own']}\n    one journey per trigger.lesson", "lesson", False),
        ("news", f"{HEADS['own']}\n    one journey per trigger.lesson", "teacher", True),
        ("news", f"{HEADS['own']} where teacher is known", "teacher", False),
        ("news", f'{HEADS["own"]} where teacher is "Ada" and fee > 5 EUR', "teacher", False),
        ("news", f'{HEADS["own"]} where teacher is "Ada" or fee > 5 EUR', "teacher", True),
        ("news", f'{HEADS["own"]} where teacher is not "Ada"', "teacher", True),
    ],
)
def test_a_field_may_be_missing_unless_the_flow_asks_for_it(
    topic: str, head: str, name: str, warned: bool
) -> None:
    """Those of events of the project, and of a shop's in service mails; shown directly or given by `with`."""
    own = f"trigger.{name}"
    assert told(f"{{{{ {own} }}}}", topic, head) == (unknown(own) if warned else [])
    given = f"    send mail with n {own}"
    assert told("{{ n }}", topic, head, given) == (unknown("n") if warned else [])


@pytest.mark.parametrize(
    "written",
    [
        '{{ trigger.teacher | default("your teacher") }}',
        "{% if trigger.teacher %}{{ trigger.teacher }}{% endif %}",
    ],
)
def test_a_word_instead_or_a_condition_of_the_mail_is_enough(written: str) -> None:
    """As for attributes."""
    assert told(written, "orders", HEADS["own"]) == []


def test_a_condition_of_the_flow_is_enough_for_the_mails_below_it() -> None:
    """Not for those under its `else`."""
    asked = "    if trigger.teacher is known\n        send mail"
    turned = "    if trigger.teacher is unknown\n        send mail"
    otherwise = '    if trigger.teacher is known\n        add tag "known"\n    else\n        send mail'
    shown = "{{ trigger.teacher }}"
    assert told(shown, "orders", HEADS["own"], asked) == []
    assert told(shown, "orders", HEADS["own"], turned) == unknown("trigger.teacher")
    assert told(shown, "orders", HEADS["own"], otherwise) == unknown("trigger.teacher")


@pytest.mark.parametrize(("name", "warned"), [("tracking", True), ("order_id", False)])
def test_what_a_wait_heard_may_lack_fields_too(name: str, warned: bool) -> None:
    """But not those by which it was heard."""
    steps = (
        "    wait for order_shipped where order_id is trigger.order_id up to 5 days\n"
        f"        on order_shipped\n            send mail with n received.{name}"
    )
    shown = "{{ n }}"
    head = f"{HEADS['shop']}\n    one journey per trigger.order_id"
    assert told(shown, "orders", head, steps) == (unknown("n") if warned else [])
    assert told(shown, "news", head, steps) == []


def test_an_amount_that_does_not_go_with_a_sign_is_an_error_all_the_same() -> None:
    """The warning stands in front of no error at the same place."""
    (found,) = told("{{ trigger.fee * 2 }}", "orders", HEADS["own"])
    assert found.startswith("E518")
