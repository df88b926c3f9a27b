"""`codes from "codes.csv"`: each code once, once per journey and step (language reference, §3 coupon)."""

from typing import Any

from flows import compiled
from person import ANNA, DAY, MONDAY, Person

from engine.core.advance import advance
from engine.core.bundle import Advanced, Bundle, CodeBody, Happened, Stimulus
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
    (mail,) = (effect.body for effect in advanced.effects if effect.kind == "mail")
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
    mails = [effect.body for effect in anna.effects if effect.kind == "mail"]
    assert [mail.values["code"] for mail in mails] == ["A", "A", "A"]
    codes = [effect for effect in anna.effects if effect.kind == "coupon"]
    assert len(codes) == 1


def test_the_same_codes_give_the_same_mail() -> None:
    """Nothing but what is handed in decides."""
    assert told(FLOW, "A", "B") == told(FLOW, "A", "B")
    assert given(told(FLOW, "B")) == ["B"]
