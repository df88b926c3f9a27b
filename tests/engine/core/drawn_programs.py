"""Programs drawn at random, as texts: flows of every kind of step; and lives to lead in them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from hypothesis import strategies as st
from person import DAY, HOUR, MINUTE, MONDAY, Person

from dsl.graph import Money
from engine.core.bundle import Foretold

CONDITIONS = (
    "contact.visits > 3",
    'contact.city is "Riga" and not tagged "keen"',
    "contact.birthday < today",
    "time since contact.renewal > 2 days",
    "any order_placed in last 3 days",
    "count of page_viewed in last 5 days is 1",
    "no page_viewed since entry",
    "in segment busy or agreed to news",
    "predicted.churn_risk > 0.5",
    "now > 2026-03-10 12:00",
)
WAITS = (
    "wait 30 minutes",
    "wait 3 hours",
    "wait 2 days",
    "wait 1 month",
    "wait 1 day at 10:00",
    "wait until 09:00",
    "wait until monday at 18:30",
    "wait until 2026-03-09 at 08:00",
    "wait until contact.birthday at 09:00",
    "wait until contact.renewal",
    "wait for best time up to 2 days",
    "wait for page_viewed up to 1 day",
)
ACTS = (
    'set contact.city to "Riga"',
    "set contact.visits to unknown",
    'add tag "keen"',
    "emit stirred",
    "start flow other",
    "unsubscribe from news",
    'tell "team@shop.example" "Hello"',
    "call crm with city contact.city",
)
HEADS = (
    "leave on order_paid",
    "leave when contact.visits > 8",
    'time zone "America/New_York"',
    "at most 1 email per day, else wait up to 1 day",
    "quiet 20:00 to 09:00",
    "holdout 20%",
    "goal order_placed within 3 days",
    "priority 2",
)
BEFORE = """
event stirred
    word text
webhook crm
    url "https://crm.example/hook"
    secret env CRM_SECRET
segment busy "Busy"
    count of page_viewed in last 4 days >= 2
flow other "Other"
    topic news
    start by request
    enter every time

    wait 2 hours
    send other_mail
"""


_BLOCKS = ("if", "if", "split", "for", "repeat")
"""Steps with blocks of their own."""


@st.composite
def _block(
    draw: st.DrawFn, numbers: Iterator[int], depth: int, acts: bool, least: int = 1, ends: bool = False
) -> list[str]:
    """A few steps. `acts`: among them some that do more than look; `ends`: perhaps nothing comes behind."""
    lines: list[str] = []
    kinds = ["wait", "wait", *(["send", "act"] if acts else [])]
    kinds += [*_BLOCKS, *(["until"] if acts else [])] if depth else []
    for kind in draw(st.lists(st.sampled_from(kinds), min_size=least, max_size=3)):
        one = draw(_block(numbers, depth - 1, acts, ends=kind == "if")) if kind in _BLOCKS else []
        two = draw(_block(numbers, depth - 1, acts)) if kind in _BLOCKS else []
        lines += _step(draw, kind, acts, next(numbers), _indented(one), _indented(two))
    if ends and draw(st.integers(0, 3)) == 0:
        lines.append(draw(st.sampled_from(["finish", "finish as early"])))
    return lines


def _step(draw: st.DrawFn, kind: str, acts: bool, number: int, one: list[str], two: list[str]) -> list[str]:
    condition = draw(st.sampled_from([*CONDITIONS, *(["sent welcome"] if acts else [])]))
    match kind:
        case "wait":
            return [draw(st.sampled_from(WAITS))]
        case "send":
            return [f"send mail{number}"]
        case "act":
            return [draw(st.sampled_from(ACTS))]
        case "if":
            return [f"if {condition}", *one, *draw(st.sampled_from([[], ["else", *two]]))]
        case "split":
            trial = draw(st.sampled_from([[], [], ["    adapt by clicks"]]))
            arms = ["    30% left", *_indented(one), "    70% right", *_indented(two)]
            return [f"split way{number}", *arms, *trial]
        case "for":
            timeout, heard = ["    on timeout", *_indented(two)], ["    on order_placed", *_indented(one)]
            arms = draw(st.sampled_from([[], timeout, [*timeout, *heard]]))
            return ["wait for order_placed up to 2 days", *arms]
        case "until":
            return [f"wait until {condition} up to 2 days"]
    end = draw(st.sampled_from([[], [f"    until {condition}"]]))
    return ["repeat up to 3 times", *one, *end]


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


@st.composite
def texts(draw: st.DrawFn) -> str:
    """One to three flows. Most of them send nothing and change nothing."""
    words = [BEFORE]
    for number in range(draw(st.integers(1, 3))):
        acts = draw(st.integers(0, 3)) == 0
        head = draw(st.lists(st.sampled_from(HEADS), max_size=2, unique=True)) if acts else []
        head += draw(st.sampled_from([[], [], ['time zone "Asia/Tokyo"']])) if len(head) < 2 else []
        start = draw(st.sampled_from(["cart_updated", "cart_updated", "order_placed"]))
        lines = ["topic offers" if acts else "", f"start on {start}", "enter every time", *head, ""]
        lines += ["send welcome"] if acts else []
        lines += draw(_block(count(), 2, acts, 2, ends=True))
        words += [f'flow f{number} "F{number}"', *_indented(lines), ""]
    return "\n".join(words)


Act = Callable[[Person], object]

_CLICK = {"flow": "f0", "step": "welcome", "link": "https://a.example"}

_amounts = st.sampled_from(["1", "20"]).map(lambda amount: Money(Decimal(amount), "EUR"))
_acts: st.SearchStrategy[Act] = st.one_of(
    st.sampled_from(["cart_updated", "cart_updated", "page_viewed", "order_paid"]).map(
        lambda event: lambda person: person.happens(event)
    ),
    _amounts.map(lambda total: lambda person: person.happens("order_placed", total=total)),
    st.integers(0, 9).map(lambda number: lambda person: person.learns(visits=Decimal(number))),
    st.sampled_from(["Europe/Riga", "America/New_York", "Asia/Kolkata", None]).map(
        lambda zone: lambda person: person.learns(time_zone=zone)
    ),
    st.dates(date(2026, 2, 1), date(2026, 5, 1)).map(lambda day: lambda person: person.learns(birthday=day)),
    st.integers(-9 * DAY, 60 * DAY).map(lambda span: lambda person: person.learns(renewal=MONDAY + span)),
    st.sampled_from(["news", "offers", "personalisation", "measurement"]).map(
        lambda topic: lambda person: person.agrees(topic)
    ),
    st.just(lambda person: person.withdraws("offers")),
    st.just(
        lambda person: person.happens("email_clicked", flow="f0", step="mail1", link="https://a.example")
    ),
    st.just(lambda person: person.take(Foretold({"churn_risk": Decimal("0.7")}))),
)


def _sleeping(span: int) -> Act:
    """The engine stands still for a while, and comes late to what was due."""

    def sleep(person: Person) -> None:
        person.now += span

    return sleep


_spans = st.sampled_from([0, MINUTE, HOUR, 3 * HOUR, DAY, 2 * DAY, 9 * DAY])
_days = st.dates(date(2026, 3, 1), date(2026, 4, 10))
_profiles: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "visits": st.integers(0, 9).map(Decimal),
        "city": st.sampled_from(["Riga", "Cesis"]),
        "birthday": _days,
        "renewal": st.integers(-DAY, 20 * DAY).map(lambda span: MONDAY + span),
    },
)


@dataclass(frozen=True)
class Life:
    """What is known of a person at first; what happens, and how long after what went before. `reads`: it is
    known when the person reads mail."""

    profile: dict[str, Any]
    reads: bool
    acts: list[tuple[int, Act]]

    def lead(self, person: Person) -> None:
        """A cart begins it; two months behind it all are long enough for most waits."""
        person.agrees("offers").learns(**self.profile)
        if self.reads:
            person.agrees("measurement")
            for _ in range(3):
                person.pass_(3 * HOUR).happens("email_clicked", **_CLICK)
        person.happens("cart_updated")
        for span, act in self.acts:
            person.pass_(span)
            act(person)
        person.pass_(60 * DAY)


lives = st.builds(
    Life,
    _profiles,
    st.booleans(),
    st.lists(st.tuples(_spans, st.one_of(_acts, _acts, _spans.map(_sleeping))), max_size=9),
)
