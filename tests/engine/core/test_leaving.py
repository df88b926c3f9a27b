"""How journeys end before their last step: withdrawal and `leave on`."""

from decimal import Decimal

from flows import loaded
from person import DAY, HOUR, Person

from dsl.graph import Money

TWO_TOPICS = """
flow alpha "Alpha"
    topic news
    start on cart_updated
    leave on order_placed where total > 10 EUR

    send of_news
    wait 1 day
    send of_offers
        topic offers
    wait 1 day
    send last_mail
flow beta "Beta"
    topic offers
    start on cart_updated

    wait 9 days
"""


def subscribed(mailer: str = "at once") -> Person:
    """Someone in both flows."""
    return Person(loaded(TWO_TOPICS), mailer=mailer).agrees("news").agrees("offers").happens("cart_updated")


def test_withdrawing_the_flow_s_topic_ends_its_journeys_at_once() -> None:
    """Only those of that topic, without another mail."""
    anna = subscribed().pass_(HOUR).withdraws("news")
    assert anna.story("alpha")[-1] == "left topic_withdrawn"
    assert anna.step("beta") == "wait_1"
    assert anna.pass_(9 * DAY).mails == ["of_news"]


def test_withdrawing_calls_back_a_mail_that_is_not_handed_over() -> None:
    """The effect names its key; a later outcome of it is still written down."""
    anna = subscribed("held")
    (key,) = anna.open
    anna.withdraws("news")
    assert anna.recalled == [key]
    anna.hand_over(key)
    assert anna.story("alpha")[-2:] == ["left topic_withdrawn", "sent of_news"]


def test_withdrawing_only_a_send_s_own_topic_ends_nothing() -> None:
    """The mail is asked for, and the consent service will deny it; the journey goes on."""
    anna = subscribed().withdraws("offers").pass_(9 * DAY)
    assert anna.mails == ["of_news", "of_offers", "last_mail"]
    assert anna.story("alpha")[-1].startswith("finished")


def test_a_flow_without_a_topic_of_its_own_is_not_ended() -> None:
    """Its mails have topics, the flow has none."""
    flow = """
flow alpha "Alpha"
    start on cart_updated

    wait 1 day
    send of_news
        topic news
"""
    anna = Person(loaded(flow)).agrees("news").happens("cart_updated").withdraws("news").pass_(DAY)
    assert anna.mails == ["of_news"]


def test_a_withdrawal_is_an_event_too() -> None:
    """`unsubscribed` starts, ends and meets, after the journeys of the topic have ended."""
    flow = """
flow alpha "Alpha"
    topic news
    start on cart_updated

    wait for unsubscribed where topic is "news" up to 9 days
        on unsubscribed
            finish as never_here
flow beta "Beta"
    start on unsubscribed where topic is "news"

    wait 1 day
flow gamma "Gamma"
    start on cart_updated
    leave on unsubscribed

    wait 9 days
"""
    anna = Person(loaded(flow)).agrees("news").happens("cart_updated").withdraws("news")
    assert anna.story("alpha")[-1] == "left topic_withdrawn"
    assert anna.story("beta") == ["entered", "waits wait_1"]
    assert anna.story("gamma")[-1] == "left unsubscribed"


def test_agreeing_starts_a_welcome() -> None:
    """`subscribed` carries its topic; another topic starts another flow."""
    flow = """
flow alpha "Alpha"
    topic news
    start on subscribed where topic is "news"

    send welcome
"""
    anna = Person(loaded(flow)).agrees("offers")
    assert anna.mails == []
    assert anna.agrees("news").mails == ["welcome"]


def test_agreeing_again_after_a_withdrawal_is_a_fresh_start() -> None:
    """The entry rule holds, not the old journey."""
    flow = """
flow alpha "Alpha"
    topic news
    start on subscribed where topic is "news"
    enter again after 1 day

    wait 9 days
    send welcome
"""
    anna = Person(loaded(flow)).agrees("news").pass_(HOUR).withdraws("news").agrees("news")
    assert anna.story("alpha")[-1] == "not_entered entered_before"
    anna.withdraws("news").pass_(DAY).agrees("news")
    assert anna.pass_(9 * DAY).mails == ["welcome"]


def test_leave_on_ends_in_any_step_if_its_where_holds() -> None:
    """In a wait, and while a mail is on its way, which is called back."""
    small, large = Money(Decimal(10), "EUR"), Money(Decimal(11), "EUR")
    anna = subscribed().happens("order_placed", total=small)
    assert anna.step("alpha") == "wait_1"
    assert anna.happens("order_placed", total=large).story("alpha")[-1] == "left order_placed"
    bert = subscribed("held")
    assert bert.happens("order_placed", total=large).recalled == [next(iter(bert.open))]


def test_what_was_handed_over_is_not_called_back() -> None:
    """A journey in a later step has no open mail."""
    flow = """
flow alpha "Alpha"
    topic news
    start on cart_updated

    send of_news
    wait for order_placed up to 9 days
"""
    anna = Person(loaded(flow)).agrees("news").happens("cart_updated").withdraws("news")
    assert anna.story("alpha")[-1] == "left topic_withdrawn"
    assert anna.recalled == []
