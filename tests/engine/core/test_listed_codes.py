"""`codes from "codes.csv"`: each code once, once per journey and step (language reference, §3 coupon)."""

from typing import Any

from flows import compiled, program
from person import ANNA, DAY, MONDAY, Person

from engine.core.advance import advance
from engine.core.bundle import Advanced, Bundle, CodeBody, Happened, MailBody, Stimulus, replace
from engine.core.loaded import Loaded

COUPON = """
coupon spring "Spring"
    10% off
    valid 7 days
    codes from "codes.csv"
coupon other "Other"
    5% off
    code "X-{random 8}"
"""
MADE = """
coupon spring "Spring"
    10% off
    code "S-{random 8}"
"""
FLOW = """
flow alpha "Alpha"
    start on cart_updated
    enter every time

    send gift with code coupon spring, again coupon spring, more coupon other
        topic news
    wait 1 day
    send later
        topic news
"""
ROUNDS = """
flow alpha "Alpha"
    start on cart_updated

    repeat up to 3 times
        send gift with code coupon spring
            topic news
        wait 1 day
"""


def loaded(flow: str = FLOW) -> Loaded:
    found = compiled(COUPON + flow, lists=(("codes.csv", b"A\nB\n"),))
    assert found.program is not None, found.findings
    return Loaded(found.program, (), "Europe/Riga", b"a key for tests")


def told(flow: str, *codes: str) -> Advanced:
    """What comes of the first cart with these codes at hand."""
    stimulus = Stimulus(
        "one", ANNA, MONDAY, Happened("cart_updated", {}), codes={"spring": codes} if codes else {}
    )
    return advance(loaded(flow), Bundle(ANNA), stimulus, MONDAY)


def given(advanced: Advanced) -> list[str]:
    bodies = [effect.body for effect in advanced.effects]
    return [body.code for body in bodies if isinstance(body, CodeBody) and body.listed]


def mailed(person: Person) -> list[str]:
    """The code of each mail."""
    bodies = [effect.body for effect in person.effects]
    return [body.values["code"] for body in bodies if isinstance(body, MailBody)]


def written_down(person: Person) -> list[str]:
    """The codes that the shop can learn of."""
    return [effect.body.code for effect in person.effects if isinstance(effect.body, CodeBody)]


class Stocked(Person):
    """A person at whose hand there are always codes."""

    def take(self, data: Any, at: int | None = None, more: bool = False) -> "Person":
        stimulus = Stimulus(
            f"{self.now}", self.bundle.contact, self.now, data, codes={"spring": ("A", "B", "C")}
        )
        self._keep(advance(self.loaded, self.bundle, stimulus, self.now, more))
        return self


def test_a_step_takes_the_next_code_of_the_list() -> None:
    """Once, however often it names the coupon; beside it others are made."""
    advanced = told(FLOW, "A", "B")
    assert given(advanced) == ["A"]
    (mail,) = (effect.body for effect in advanced.effects if isinstance(effect.body, MailBody))
    assert (mail.values["code"], mail.values["again"]) == ("A", "A")
    assert mail.values["code_until"] == MONDAY + 7 * DAY
    assert mail.values["more"].startswith("X-")
    assert advanced.short == frozenset()


def test_without_a_code_the_send_is_skipped_and_the_flow_goes_on() -> None:
    """It says of which list it was short; no other code is made for a mail that does not go."""
    advanced = told(FLOW)
    assert advanced.short == {"spring"}
    assert [effect.kind for effect in advanced.effects] == []
    lines = [(entry.what, entry.step, entry.reason) for entry in advanced.entries]
    assert ("skipped", "gift", "no_code") in lines
    assert advanced.bundle.journeys[0].flow == "alpha"


def test_rounds_of_a_step_share_the_code() -> None:
    """Once per journey and step."""
    anna = Stocked(loaded(ROUNDS)).happens("cart_updated").pass_(4 * DAY)
    assert mailed(anna) == ["A", "A", "A"]
    codes = [effect for effect in anna.effects if effect.kind == "coupon"]
    assert len(codes) == 1


def test_the_same_codes_give_the_same_mail() -> None:
    """Nothing but what is handed in decides."""
    assert told(FLOW, "A", "B") == told(FLOW, "A", "B")
    assert given(told(FLOW, "B")) == ["B"]


def test_two_coupons_of_one_list_give_two_codes() -> None:
    """A code is one promise: where two lists have it, one step gives it once."""
    text = """
coupon spring "Spring"
    10% off
    codes from "codes.csv"
coupon autumn "Autumn"
    5% off
    codes from "codes.csv"
flow alpha "Alpha"
    start on cart_updated

    send gift with code coupon spring, other coupon autumn
        topic news
"""
    found = compiled(text, lists=(("codes.csv", b"A\nB\n"),))
    assert found.program is not None
    ready = Loaded(found.program, (), "Europe/Riga", b"a key for tests")

    def told_with(**codes: tuple[str, ...]) -> Advanced:
        stimulus = Stimulus("one", ANNA, MONDAY, Happened("cart_updated", {}), codes=codes)
        return advance(ready, Bundle(ANNA), stimulus, MONDAY)

    assert given(told_with(spring=("A", "B"), autumn=("A", "B"))) == ["A", "B"]
    lacking = told_with(spring=("A",), autumn=("A",))
    assert given(lacking) == []
    assert lacking.short == {"autumn"}


def test_a_coupon_edited_between_rounds_keeps_the_code_that_was_given() -> None:
    """Made or listed: the mail that comes again shows the same code, and no other is used up."""
    made = f"{MADE}{ROUNDS}"
    for before, after in ((program(made), loaded(ROUNDS).program), (loaded(ROUNDS).program, program(made))):
        anna = Stocked(Loaded(before, (), "Europe/Riga", b"a key for tests")).happens("cart_updated")
        anna.loaded = Loaded(after, before.flows, "Europe/Riga", b"a key for tests")
        anna.pass_(4 * DAY)
        assert len(mailed(anna)) == 3
        assert len(set(mailed(anna))) == 1
        assert written_down(anna) == mailed(anna)[:1]


def test_a_made_code_of_which_nothing_is_known_gives_way_to_one_of_the_list_that_is_given() -> None:
    """A journey that has kept when its code was made but not which it is: the next is taken as any other."""
    anna = Stocked(loaded(ROUNDS)).happens("cart_updated")
    (journey,) = anna.bundle.journeys
    anna.bundle = replace(anna.bundle, journeys=(replace(journey, given={}),))
    anna.pass_(4 * DAY)
    _, second = written_down(anna)
    assert mailed(anna)[1:] == [second, second]
