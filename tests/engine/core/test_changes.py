"""Steps that change the contact or have somebody told (language reference, §4 Steps)."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from flows import loaded, program
from person import DAY, MONDAY, Person

from dsl.graph import Money
from engine.core.bundle import Stopped, TellBody, WithdrawBody, replace
from engine.core.codes import ALPHABET, code
from engine.core.loaded import Loaded


def flow(steps: str, more: str = "") -> str:
    indented = "\n".join(f"    {line}" for line in steps.splitlines())
    return f'{more}\nflow alpha "Alpha"\n    start on cart_updated\n    enter every time\n\n{indented}\n'


@pytest.mark.parametrize(
    ("step", "name", "value"),
    [
        ('set contact.city to "Riga"', "city", "Riga"),
        ("set contact.visits to contact.visits + 1", "visits", Decimal(4)),
        ("set contact.visits to count of cart_updated", "visits", Decimal(1)),
        ("set contact.renewal to now", "renewal", MONDAY),
        ("set contact.birthday to today", "birthday", date(2026, 3, 2)),
        ("set contact.visits to unknown", "visits", None),
        ("set contact.visits to contact.visits / 0", "visits", None),
    ],
)
def test_set_changes_an_attribute(step: str, name: str, value: Any) -> None:
    """In the attribute's own type; an unknown value makes it unknown."""
    anna = Person(loaded(flow(step))).learns(visits=Decimal(3)).happens("cart_updated")
    found = anna.bundle.attributes.get(name)
    assert (type(found), found) == (type(value), value)
    assert anna.story("alpha") == ["entered", f"set set_1 {name}", "finished"]


def test_a_tag_is_added_and_removed() -> None:
    """`tagged` knows it at once; twice is once."""
    text = flow("""add tag "fan"
add tag "fan"
if tagged "fan"
    remove tag "fan"
if not tagged "fan"
    finish as right""")
    anna = Person(loaded(text)).happens("cart_updated")
    assert anna.story("alpha")[-1] == "finished right"
    assert [line for line in anna.story("alpha") if line.startswith("tagged")] == [
        "tagged tag_1 add",
        "tagged tag_2 add",
        "tagged tag_3 remove",
    ]
    assert "tags" not in anna.bundle.attributes


SEGMENT = """
segment fans "Fans"
    tagged "fan"
flow greeting "Greeting"
    start on joining segment fans

    send welcome_fan
        topic news
flow waiting "Waiting"
    start on cart_updated

    wait until contact.city is known up to 9 days
flow without "Without"
    start on cart_updated
    leave when in segment fans

    wait 9 days
"""


def test_a_change_moves_segments_meets_waits_and_ends_journeys() -> None:
    """All at the same moment: a segment joined starts a flow, a condition is met, `leave when` is true."""
    text = flow('wait 1 day\nset contact.city to "Riga"\nadd tag "fan"', SEGMENT)
    anna = Person(loaded(text)).happens("cart_updated").pass_(DAY)
    assert anna.mails == ["welcome_fan"]
    assert anna.bundle.segments == {"fans"}
    assert anna.story("waiting")[-2:] == ["met wait_1", "finished"]
    assert anna.story("without")[-1] == "left condition"
    assert not anna.bundle.journeys


def test_flows_that_move_people_to_and_fro_come_to_rest() -> None:
    """Each flow is started once by what happened, and no second time by what follows from it."""
    text = """
segment fans "Fans"
    tagged "fan"
flow cool "Cool"
    start on joining segment fans
    enter every time

    remove tag "fan"
flow heat "Heat"
    start on leaving segment fans
    enter every time

    add tag "fan"
flow begin "Begin"
    start on cart_updated

    add tag "fan"
"""
    anna = Person(loaded(text)).happens("cart_updated")
    assert [anna.story(name).count("entered") for name in ("begin", "cool", "heat")] == [1, 1, 1]


def test_unsubscribing_is_asked_for_and_written_down() -> None:
    """The consent service withdraws; the flow goes on to its end."""
    anna = Person(loaded(flow("unsubscribe from news"))).agrees("news").happens("cart_updated")
    (effect,) = anna.effects
    assert (effect.kind, effect.contact) == ("withdraw", anna.bundle.contact)
    assert isinstance(effect.body, WithdrawBody)
    assert (effect.body.topic, effect.body.flow) == ("news", "alpha")
    assert anna.story("alpha") == ["entered", "unsubscribed unsubscribe_1 news", "finished"]
    assert "news" in anna.bundle.agreed  # until the consent service says so


def test_nobody_is_unsubscribed_from_what_they_never_agreed_to() -> None:
    """Nothing is asked for and nothing written down; the flow goes on."""
    anna = Person(loaded(flow("unsubscribe from news"))).agrees("offers").happens("cart_updated")
    assert anna.effects == []
    assert anna.story("alpha") == ["entered", "finished"]


def test_somebody_of_the_team_is_told() -> None:
    """With values filled in, and a word for what is unknown."""
    steps = 'tell "care@shop.example" "order {trigger.cart_id} of {contact.first_name or "somebody"}"'
    anna = Person(loaded(flow(steps))).happens("cart_updated", cart_id="17")
    (effect,) = anna.effects
    assert effect.kind == "tell"
    assert isinstance(effect.body, TellBody)
    assert (effect.body.address, effect.body.text) == ("care@shop.example", "order 17 of somebody")


@pytest.mark.parametrize(
    ("attribute", "value", "said"),
    [
        ("credit", Money(Decimal("49.90") / 3, "EUR"), "16.63 EUR"),
        ("credit", Money(Decimal("5"), "EUR"), "5.00 EUR"),
        ("credit", Money(Decimal("1500.5"), "JPY"), "1500 JPY"),
        ("visits", Decimal(50) / 3, "16.6667"),
        ("visits", Decimal("5.0"), "5"),
        ("visits", Decimal("1000"), "1000"),
        ("visits", Decimal("1E+40"), "1" + 40 * "0"),
    ],
)
def test_numbers_in_texts_are_short_and_amounts_in_whole_coins(attribute: str, value: Any, said: str) -> None:
    """Nobody wants to read 28 digits."""
    steps = f'tell "care@shop.example" "{{contact.{attribute} or "-"}}"'
    anna = Person(loaded(flow(steps))).learns(**{attribute: value}).happens("cart_updated")
    (effect,) = anna.effects
    assert isinstance(effect.body, TellBody)
    assert effect.body.text == said


def test_an_amount_is_kept_in_whole_coins() -> None:
    """What is set is what can be paid."""
    text = flow("set contact.credit to contact.credit / 3")
    anna = Person(loaded(text)).learns(credit=Money(Decimal("49.90"), "EUR")).happens("cart_updated")
    assert str(anna.bundle.attributes["credit"]) == "16.63 EUR"


# ---------------------------------------------------------------- coupons

COUPON = """
coupon comeback "15% after a long break"
    15% off
    valid 7 days
    code "BACK-{random 8}"
coupon forever "Free shipping"
    free shipping
    code "SHIP-{random 10}"
"""


def test_a_code_follows_from_the_journey_and_nothing_else() -> None:
    """The same when the mail is tried again; another for another person; its end is known."""
    steps = """send gift with code coupon comeback
    topic news
send ship with code coupon forever
    topic news"""
    text = flow(steps, COUPON)
    people = [Person(loaded(text), contact * 32).happens("cart_updated") for contact in "aab"]
    codes = [
        [effect.body.values["code"] for effect in one.effects if effect.kind == "mail"] for one in people
    ]
    assert codes[0] == codes[1]
    assert len({*codes[0], *codes[2]}) == 4
    gift, ship = (effect.body for effect in people[0].effects if effect.kind == "mail")
    assert gift.values["code"].startswith("BACK-")
    assert set(gift.values["code"].removeprefix("BACK-")) <= set(ALPHABET)
    assert gift.values["code_until"] == people[0].now + 7 * DAY
    assert ship.values["code_until"] is None
    assert "code gift comeback" in people[0].story("alpha")


def test_a_code_may_stand_in_an_attribute() -> None:
    """And is written down for the shop to know, with whose it is."""
    anna = Person(loaded(flow("set contact.city to coupon comeback", COUPON))).happens("cart_updated")
    (effect,) = anna.effects
    assert effect.kind == "coupon"
    assert anna.bundle.attributes["city"] == effect.body.code
    assert (effect.contact, effect.body.until) == (anna.bundle.contact, anna.now + 7 * DAY)


def test_a_coupon_that_is_gone_skips_the_send() -> None:
    """A journey that runs on an older graph asks for a coupon that the project does not declare any more."""
    anna = Person(loaded(flow("wait 1 day\nsend gift with code coupon comeback\n    topic news", COUPON)))
    anna.happens("cart_updated")
    running = anna.loaded
    anna.loaded = type(running)(
        loaded(flow("wait 1 day")).program,
        [running.current["alpha"].graph],
        "Europe/Riga",
        b"a key for tests",
    )
    assert anna.pass_(DAY).mails == []
    assert anna.story("alpha")[-2:] == ["skipped gift no_code", "finished"]


def test_codes_are_spread_evenly_and_have_no_doubtful_signs() -> None:
    """Ten thousand of eight signs: no two alike, and every sign as often as the others."""
    made = [code(b"secret", "{random 8}", f"{number:032x}", "gift", "comeback") for number in range(10_000)]
    assert len(set(made)) == len(made)
    counts = {sign: sum(one.count(sign) for one in made) for sign in ALPHABET}
    assert min(counts.values()) > 2200 < 2800 > max(counts.values()) - 200
    assert not set("01IO") & set(ALPHABET)


# ---------------------------------------------------------------- what stops, and what is remembered


def test_a_complaint_or_a_hard_bounce_ends_all_marketing() -> None:
    """Every marketing journey at once, with its reason; service flows go on."""
    text = """
flow alpha "Alpha"
    topic news
    start on cart_updated

    wait 9 days
flow beta "Beta"
    topic offers
    start on cart_updated

    wait 9 days
flow gamma "Gamma"
    topic orders
    start on order_placed

    wait 9 days
"""
    for reason in ("complained", "hard_bounced"):
        anna = Person(loaded(text)).agrees("news").agrees("offers")
        anna.happens("cart_updated").happens("order_placed", order_id="1").take(Stopped(reason))
        assert [anna.story(name)[-1] for name in ("alpha", "beta")] == [f"left {reason}"] * 2
        assert anna.step("gamma") == "wait_1"
        assert not anna.bundle.agreed


VIEWS = """
flow alpha "Alpha"
    start on product_viewed
    enter every time

    if count of product_viewed in last 7 days >= 2
        finish as often
    finish as once_only
flow beta "Beta"
    start on cart_updated

    wait for product_viewed up to 9 days
"""


def test_what_was_looked_at_is_remembered_of_those_only_who_agreed_to_personalisation() -> None:
    """It starts and meets all the same; with the agreement the memory ends."""
    anna = Person(loaded(VIEWS)).happens("cart_updated").happens("product_viewed", sku="A")
    assert anna.story("beta")[-2:] == ["heard wait_1 product_viewed", "finished"]
    anna.happens("product_viewed", sku="A")
    assert anna.story("alpha").count("finished once_only") == 2
    assert not anna.bundle.windows
    anna.agrees("personalisation").happens("product_viewed", sku="A").happens("product_viewed", sku="A")
    assert anna.story("alpha")[-1] == "finished often"
    assert "product_viewed" in anna.bundle.windows
    assert "product_viewed" not in anna.withdraws("personalisation").bundle.windows


def test_what_stops_all_marketing_ends_personalisation_and_measurement() -> None:
    """What was remembered for them is forgotten, and nothing is remembered until it is agreed to anew: coming
    back with a topic is not that."""
    for reason in ("objected", "complained", "hard_bounced"):
        anna = Person(loaded(VIEWS)).agrees("news").agrees("personalisation").agrees("measurement")
        anna.happens("product_viewed", sku="A")
        assert "product_viewed" in anna.bundle.windows
        anna.take(Stopped(reason)).happens("product_viewed", sku="B")
        assert not anna.bundle.agreed
        assert "product_viewed" not in anna.bundle.windows
        assert not anna.bundle.known_since
        anna.agrees("news").happens("product_viewed", sku="C")
        assert anna.bundle.agreed == {"news"}
        assert "product_viewed" not in anna.bundle.windows
        anna.agrees("personalisation").happens("product_viewed", sku="D")
        assert "product_viewed" in anna.bundle.windows


def test_without_measurement_opens_and_clicks_are_unknown() -> None:
    """`any`, `no`, `opened`, `clicked` and comparisons of their counts are all no."""
    tests = (
        "any email_opened",
        "no email_opened",
        "opened first_mail",
        "clicked first_mail",
        "count of email_clicked >= 0",
        "count of email_clicked is 0",
    )
    for test in tests:
        text = flow(f"""send first_mail
    topic news
wait 1 day
if {test}
    finish as counted
finish as unknown_yet""")
        mail = {"flow": "alpha", "step": "first_mail", "template": "first_mail", "topic": "news", "link": ""}
        anna = Person(loaded(text)).happens("cart_updated")
        anna.pass_(1).happens("email_opened", **mail).happens("email_clicked", **mail).pass_(DAY)
        assert anna.story("alpha")[-1] == "finished unknown_yet", test
        bert = Person(loaded(text)).agrees("measurement").happens("cart_updated")
        bert.pass_(1).happens("email_opened", **mail).happens("email_clicked", **mail).pass_(DAY)
        right = "unknown_yet" if test in ("no email_opened", "count of email_clicked is 0") else "counted"
        assert bert.story("alpha")[-1] == f"finished {right}", test


def test_a_mail_that_recommends_carries_what_its_reader_viewed_and_bought() -> None:
    """Newest first, each once, at most twenty; nothing of who did not agree to personalisation."""
    plain = program(flow("send picked\n    topic news")).flows[0]
    node = replace(plain.nodes[0], recommends=3)
    graph = replace(plain, nodes=(node, *plain.nodes[1:])).sealed()
    whole = replace(program(flow("send picked\n    topic news")), flows=(graph,))
    ready = Loaded(whole, (), "Europe/Riga", b"a key for tests")
    people = [Person(ready).agrees("personalisation"), Person(ready)]
    for anna in people:
        for number in range(30):
            anna.happens("product_viewed", sku=f"S{number}")
        anna.happens("product_viewed", sku="S15")
        anna.happens("order_placed", items=[{"sku": "S1"}, {"sku": "S2"}])
        anna.happens("order_placed", items=[{"sku": "S3"}, {"sku": "S1"}])
        anna.happens("cart_updated")
    viewed, bought = people[0].effects[-1].body.viewed, people[0].effects[-1].body.bought
    assert viewed[:3] == ("S15", "S29", "S28")
    assert len(viewed) == len(set(viewed)) == 20
    assert bought == ("S3", "S1", "S2")
    assert (people[1].effects[-1].body.viewed, people[1].effects[-1].body.bought) == ((), ())
    assert people[1].bundle.viewed == ()
    assert people[0].withdraws("personalisation").bundle.viewed == ()
