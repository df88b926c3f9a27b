"""How many sign-ups are taken follows from the settings, wherever the consent service runs."""

import time

import pytest
from msgspec.structs import replace

from consent.app.limits import Admission
from virta.consent_door import admission_of, steady_clock
from virta.consent_settings import Consent
from virta.settings import Controller, Sender, Settings

SETTINGS = Settings(
    name="Stall",
    sender=Sender(name="Stall", address="hello@stall.example", imprint="Example Square 1"),
    controller=Controller(name="Stall", address="Example Square 1", contact="hello@stall.example"),
)


def taken(admission: Admission, emails: list[str], ips: list[str]) -> int:
    """How many wishes of ten are."""
    turns = range(10)
    return sum(admission.admit(emails[turn % len(emails)], ips[turn % len(ips)]).yes for turn in turns)


@pytest.mark.parametrize(
    ("name", "emails", "ips"),
    [
        ("signups_per_address", ["anna@one.example"], [f"198.51.100.{n}" for n in range(10)]),
        (
            "signups_per_domain",
            [f"{n}@one.example" for n in range(10)],
            [f"198.51.100.{n}" for n in range(10)],
        ),
        ("signups_per_visitor", [f"anna@{n}.example" for n in range(10)], ["198.51.100.7"]),
        ("signups", [f"anna@{n}.example" for n in range(10)], [f"198.51.100.{n}" for n in range(10)]),
    ],
)
def test_each_setting_limits_what_it_is_named_for(name: str, emails: list[str], ips: list[str]) -> None:
    """And nothing else: with the others as they are, all are taken but for those of one address."""
    limited = replace(SETTINGS, consent=replace(Consent(), **{name: 3}))
    assert taken(admission_of(limited), emails, ips) == 3
    freely = replace(SETTINGS, consent=Consent(signups_per_address=10))
    assert taken(admission_of(freely), emails, ips) == 10


def test_a_clock_of_the_wall_that_is_set_back_refuses_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is counted goes by a clock that nobody sets, and that goes on."""
    admission, before = admission_of(SETTINGS), steady_clock()
    assert admission.admit("anna@one.example", "198.51.100.7").yes
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert admission.admit("berta@two.example", "198.51.100.8").yes
    assert before <= steady_clock() < before + 3_600_000
