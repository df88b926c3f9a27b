"""Coupons: what they are worth, how their codes are made, and where they are given."""

import re
from collections.abc import Iterator
from itertools import islice

from dsl.draft import Draft
from dsl.found.finding import Finding, Span
from dsl.found.source import error
from dsl.meaning.names import nearest, unknown
from dsl.nodes.flows import Call, Emit, Flow, Send, Set
from dsl.nodes.heads import FlowTopic
from dsl.nodes.schema import AmountOff, CodePattern, CodesFrom, Coupon, PercentOff, Worth
from dsl.nodes.terms import CouponCode
from dsl.read.code_lists import ListedCode, listed_codes

_RANDOM = re.compile(r"\{random ([0-9]{1,3})\}")
_PLAIN = re.compile(r"[A-Za-z0-9_-]*")
_FEWEST, _MOST = 6, 32
_LONGEST = 64
_MOST_SHOWN = 20


def check_coupons(draft: Draft) -> Iterator[Finding]:
    """Coupons that lack something or say it twice, and coupons that are given but not declared."""
    for coupon in draft.coupons:
        yield from _worth(coupon)
        yield from _code(coupon, draft)
        for again in coupon.valids[1:]:
            yield error(
                "E408", again.span, "The coupon says twice how long it is valid.", "Delete one of the two."
            )
    for flow in draft.flows:
        yield from _given(flow, draft)


def _worth(coupon: Coupon) -> Iterator[Finding]:
    if not coupon.worths and not coupon.damaged:
        yield error(
            "E418",
            coupon.name.span,
            f"The coupon `{coupon.name.text}` does not say what it is worth.",
            "Write it below, as in `15% off`, `5 EUR off` or `free shipping`.",
        )
    for worth in coupon.worths:
        yield from _amount(worth)
    for again in coupon.worths[1:]:
        yield error(
            "E408", again.span, "The coupon says twice what it is worth.", "Delete one, or make two coupons."
        )


def _amount(worth: Worth) -> Iterator[Finding]:
    nothing = (isinstance(worth, PercentOff) and worth.percent == 0) or (
        isinstance(worth, AmountOff) and worth.amount.amount == 0
    )
    if nothing:
        yield error("E418", worth.span, "This coupon takes nothing off.", "Write what it does take off.")


def _code(coupon: Coupon, draft: Draft) -> Iterator[Finding]:
    if not coupon.codes and not coupon.damaged:
        yield error(
            "E465",
            coupon.name.span,
            f"The coupon `{coupon.name.text}` does not say how its codes are made.",
            f'Write it below: `code "{coupon.name.text.upper()[:12]}-{{random 8}}"`.',
        )
    for code in coupon.codes:
        if isinstance(code, CodePattern):
            yield from _pattern(code)
        else:
            yield from _list(code, draft)
    for again in coupon.codes[1:]:
        yield error(
            "E408", again.span, "The coupon says twice how its codes are made.", "Delete one of the two."
        )


def _pattern(code: CodePattern) -> Iterator[Finding]:
    text = code.text.value
    parts = _RANDOM.findall(text)
    plain = _RANDOM.sub("", text)
    if len(parts) != 1:
        yield error(
            "E465",
            code.text.span,
            "Every code needs one part by chance, so that nobody can guess it."
            if not parts
            else "A code has one part by chance, not several.",
            'Write it like `code "BACK-{random 8}"`.',
        )
    elif not _FEWEST <= int(parts[0]) <= _MOST:
        yield error(
            "E465",
            code.text.span,
            f"The part by chance has from {_FEWEST} to {_MOST} signs: fewer can be guessed, and nobody types "
            "more.",
            "Write `{random 8}`.",
        )
    elif not _PLAIN.fullmatch(plain) or len(plain) > _LONGEST:
        yield error(
            "E465",
            code.text.span,
            "A code is typed by people: letters from A to Z, digits, `-` and `_`, and not too many.",
            'Write it like `code "BACK-{random 8}"`.',
        )


def _list(code: CodesFrom, draft: Draft) -> Iterator[Finding]:
    name = code.file.value
    data = draft.lists.get(name)
    if data is None:
        close = nearest(name, draft.lists)
        help = (
            f'Write `codes from "{close}"`.'
            if close
            else "Put a file of this name into the project, ending in `.csv`, with one code a line."
        )
        yield error("E441", code.file.span, f"The project has no list `{name}`.", help)
        return
    codes = list(listed_codes(data))
    if not codes:
        yield error("E442", code.file.span, f"`{name}` holds no codes.", "Write one code a line into it.")
    yield from islice(_faulty(name, codes), _MOST_SHOWN)


def _faulty(name: str, codes: list[ListedCode]) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for each in codes:
        if not each.plain:
            yield error(
                "E442",
                Span(name, each.line, 1, each.line, 1 + max(len(each.text), 1)),
                "A code is typed by people: letters from A to Z, digits, `-` and `_`, and 64 signs at most.",
                "Mend it, or delete the line.",
            )
        elif (first := seen.setdefault(each.text.casefold(), each.line)) != each.line:
            yield error(
                "E442",
                Span(name, each.line, 1, each.line, 1 + len(each.text)),
                f"`{each.text}` stands in line {first} already, and two people would get the same code.",
                "Delete one of the two lines.",
            )


def _given(flow: Flow, draft: Draft) -> Iterator[Finding]:
    topic = next((head.topic.text for head in flow.heads if isinstance(head, FlowTopic)), "")
    for step in flow.all_steps:
        values = [value for _, value in step.values] if isinstance(step, Send | Emit | Call) else []
        if isinstance(step, Set) and step.value is not None:
            values.append(step.value)
        for value in values:
            if not isinstance(value, CouponCode):
                continue
            name = value.coupon
            if name.text and name.text not in draft.names.coupons:
                yield unknown(
                    "E216",
                    "coupon",
                    name,
                    draft.names.coupons,
                    f"Declare it with `coupon {name.text}`, and what it is worth indented below.",
                )
            carries = (step.topic.text if step.topic else topic) if isinstance(step, Send) else ""
            if draft.names.purpose(carries) == "service":
                yield error(
                    "E514",
                    value.span,
                    f"`{carries}` is for service, and a coupon is advertising.",
                    "Send the coupon in a mail on a topic for marketing.",
                )
