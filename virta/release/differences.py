"""What differs between two releases beside flows and declarations: words, purposes, lists of codes."""

from collections.abc import Iterator

from consent.contract import BESIDE_TOPICS, Notice, Purpose
from dsl.align import Change, Declared
from dsl.graph import Sale
from engine.store.releases import Content
from virta.release.rewording import rests_on


def differences(old: Content, new: Content) -> Iterator[Declared]:
    """What the comparison of two programs does not see, for a plan."""
    default = new.policy.default_language
    was, now = ({each.topic: each for each in content.policy.purposes} for content in (old, new))
    for name in sorted(was.keys() | now.keys()):
        beside = name in BESIDE_TOPICS
        if name in was and name in now:
            told = tuple(_rewritten(was[name], now[name], "" if beside else default))
            if told:
                yield Declared("purpose" if beside else "words of topic", name, "~", told)
        elif beside:
            yield Declared("purpose", name, "+" if name in now else "-")
    yield from _sales(old, new)
    keys = (old.policy.attestation_key, new.policy.attestation_key)
    if keys[0] != keys[1]:
        sign = "~" if all(keys) else "+" if keys[1] else "-"
        yield Declared("key", "of the controller", sign, (Change("attestation_key", *keys),))
    for coupon in sorted(old.codes.keys() & new.codes.keys()):
        if old.codes[coupon] != new.codes[coupon]:
            change = Change("codes", _codes(old.codes[coupon]), _codes(new.codes[coupon]))
            yield Declared("codes of coupon", coupon, "~", (change,))


def _sales(old: Content, new: Content) -> Iterator[Declared]:
    """Events that are sales, with their fields."""
    was, now = ({each.event: each for each in content.program.sales} for content in (old, new))
    for event in sorted(was.keys() | now.keys()):
        if event not in was or event not in now:
            yield Declared("sale", event, "+" if event in now else "-")
            continue
        told = tuple(
            Change(name, *(f'{name} "{value}"' if value else "" for value in sides))
            for name in Sale.__struct_fields__
            if (sides := (getattr(was[event], name), getattr(now[event], name)))[0] != sides[1]
        )
        if told:
            yield Declared("sale", event, "~", told)


def _rewritten(was: Purpose, now: Purpose, told: str) -> Iterator[Change]:
    """What reads otherwise; of the language `told` the topic's own lines tell."""
    if was.controller != now.controller:
        yield Change("controller", was.controller, now.controller)
    if (was.basis, was.similar) != (now.basis, now.similar):
        yield Change("basis", *(rests_on(purpose) for purpose in (was, now)))
    yield from _informed(was.notice, now.notice)
    for language in sorted({*was.title, *was.wording, *now.title, *now.wording} - {told}):
        for what, before, after in (
            ("title", was.title, now.title),
            ("consent", was.wording, now.wording),
        ):
            if before.get(language) != after.get(language):
                words = (
                    f'{language}: {what} "{side[language]}"' if language in side else ""
                    for side in (before, after)
                )
                yield Change(f"{what} {language}", *words)


def _informed(was: Notice, now: Notice) -> Iterator[Change]:
    """What is told beside the words."""
    for what in ("address", "contact"):
        sides = (getattr(was, what), getattr(now, what))
        if sides[0] != sides[1]:
            yield Change(f"controller's {what}", *sides)
    for what in ("data", "recipients", "retention", "rights", "withdrawal"):
        before, after = getattr(was, what), getattr(now, what)
        for language in sorted(before.keys() | after.keys()):
            if before.get(language) != after.get(language):
                words = (
                    f'{language}: {what} "{side[language]}"' if language in side else ""
                    for side in (before, after)
                )
                yield Change(f"{what} {language}", *words)


def _codes(codes: tuple[str, ...]) -> str:
    return f"{len(codes):,} codes"
