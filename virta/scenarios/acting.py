"""What happens in a scenario, done in the way in which it happens to people."""

import re
from typing import Any

from msgspec import Struct

from consent.contract import BESIDE_TOPICS, InvalidAddress, SignUp, Visit
from consent.ledger.tokens import Scope
from dsl.graph import Duration, Text
from dsl.graph.scenario import Act, Changes, Clicks, Given, Occurs, Opens, Profile, Requests, Withdraws
from engine.core import calendar
from engine.returns.intake import Return
from engine.run.machines import TOO_SOON
from engine.store.arrivals import REQUEST
from engine.store.handed import Handed
from engine.store.store import Received
from virta.scenarios.given import told
from virta.scenarios.post import Mail
from virta.scenarios.stage import Stage

_VISIT = Visit(user_agent="Mozilla/5.0 (scenario)")
_CODES = {"hard": "5.1.1", "soft": "4.2.2"}
_CONFIRM = re.compile(rf"/{Scope.CONFIRM.value[0]}/([\w.\-]+)")
_LINK = re.compile(r'href="[^"]*/l/([\w\-]+)"')
_PIXEL = re.compile(r'src="[^"]*/o/([\w\-]+)\.gif"')


ACTS = (Occurs, Opens, Clicks, Withdraws, Changes, Requests)


class CannotHappen(Exception):
    """An act cannot be done; the message says why, in plain words."""


class _Event(Struct, frozen=True):
    """An event as the API hands it in."""

    id: str
    event: str
    email: str
    at: int
    data: dict[str, object]
    contact: str | None = None


class _Known(Struct, frozen=True):
    """Attributes as the API hands them in."""

    email: str
    attributes: dict[str, object]


async def introduce(stage: Stage, profile: Profile) -> None:
    """Make the contact known: what they agreed to is signed up for and confirmed (but for what waits for a
    sign-up), and the rest is told by the shop. Raises `CannotHappen`."""
    attributes = {name: value for name, value in profile.attributes if name != "email"}
    language = await _given(stage, dict(attributes).get("language"))
    if profile.agreed and not stage.ticked:
        await _sign_up(stage, profile.agreed, language if isinstance(language, str) else "")
        await stage.simulation.settle()
    if attributes:
        await _learn(stage, {name: await _given(stage, value) for name, value in attributes.items()})
    if profile.tags:  # no outsider can tell tags: flows give them
        now = stage.clock()
        item = Received("", "", now, now, "", stage.address, {"tags": list(profile.tags)})
        await stage.system.store.accept([item])
    await stage.simulation.settle()


async def perform(stage: Stage, act: Act, number: int) -> None:
    """Do it at this moment; what comes of it is for the stage to settle. `number` tells the acts of a
    scenario apart. Raises `CannotHappen`."""
    match act:
        case Occurs():
            await _occur(stage, act, number)
        case Opens():
            await _open(stage, await _mail(stage, step=act.mail))
        case Clicks():
            await _click(stage, await _mail(stage, step=act.mail), act.link)
        case Withdraws():
            await _withdraw(stage, act.topic)
        case Changes():
            value = await _given(stage, act.value)
            await _learn(stage, {act.attribute: value})
        case Requests():
            now = stage.clock()
            asked = Received(f"scenario-{number}", REQUEST, now, now, "", stage.address, {"flow": act.flow})
            await stage.system.store.accept([asked])


async def _occur(stage: Stage, act: Occurs, number: int) -> None:
    values: dict[str, Any] = {name: await _given(stage, value) for name, value in act.values}
    match act.event:
        case "subscribed":
            await _subscribe(stage, str(values.get("topic", "")))
        case "unsubscribed":
            await _withdraw(stage, str(values.get("topic", "")))
        case "email_bounced":
            await _return(stage, "bounce", _CODES.get(values.get("kind", "hard"), "5.1.1"), _place(values))
        case "email_complained":
            await _return(stage, "complaint", "", _place(values))
        case _:
            now = stage.clock()
            at = now if act.late is None else await _before(stage, act.late)
            event = _Event(f"scenario-{number}", act.event, stage.address, at, values)
            (reason,) = await stage.system.inbox.accept_events([event])
            if reason is not None:
                raise CannotHappen(f"The engine does not take this event: {reason}.")


async def _before(stage: Stage, late: Duration) -> int:
    zone = stage.zone_of(await stage.bundle())
    return calendar.add(stage.clock(), late, zone, -1)


async def _given(stage: Stage, given: Given | None) -> Any:
    if given is None:
        return None
    if isinstance(given, Text):
        return given.value
    bundle = await stage.bundle()
    return told(given, bundle, stage.clock(), stage.zone_of(bundle))


async def _learn(stage: Stage, attributes: dict[str, object]) -> None:
    (reason,) = await stage.system.inbox.accept_contacts([_Known(stage.address, attributes)])
    if reason is not None:
        raise CannotHappen(f"The engine does not take this: {reason}.")


# ---------------------------------------------------------------- agreements


async def _subscribe(stage: Stage, topic: str) -> None:
    agreed = (await stage.bundle()).agreed
    if topic in agreed:
        raise CannotHappen(f"They agree to `{topic}` already, so there is nothing to confirm.")
    if topic in BESIDE_TOPICS and agreed:
        tokens = stage.system.service.parts.tokens
        token = _last(tokens.preferences(stage.contact))
        await stage.system.consent.choose(token, sorted({*agreed, topic}), "", _VISIT)
        await _confirm(stage, topic)
    else:
        topics = (topic,) if agreed else (topic, *stage.ticked)
        await _sign_up(stage, topics, str((await stage.bundle()).attributes.get("language") or ""))


async def _sign_up(stage: Stage, topics: tuple[str, ...], language: str) -> None:
    """A sign-up, the mail that asks for the confirmation, and the press of the button in it."""
    languages = stage.house.settings.languages
    spoken = language if language in languages else languages[0]
    try:
        wish = SignUp(stage.address, topics, spoken, "scenario", visit=_VISIT)
        await stage.system.consent.sign_up(wish)
    except InvalidAddress as fault:
        raise CannotHappen(f"`{stage.address}` is no e-mail address: {fault}") from None
    except ValueError as fault:
        raise CannotHappen(f"The consent service does not take this sign-up: {fault}") from None
    await _confirm(stage, ", ".join(topics))


async def _confirm(stage: Stage, what: str) -> None:
    before = len(stage.post.mails)
    await stage.system.proofs.fetch()
    await stage.system.dispatch.drain()
    for mail in stage.post.mails[before:]:
        link = _CONFIRM.search(mail.text()) or _CONFIRM.search(mail.html())
        if link is not None:
            await stage.system.consent.confirm(link[1], _VISIT)
            return
    raise CannotHappen(
        f"No mail that asks to confirm {what} went out: so soon after the last one the consent service sends "
        "none. The first pause is a day."
    )


async def _withdraw(stage: Stage, topic: str) -> None:
    if topic not in (await stage.bundle()).agreed:
        raise CannotHappen(f"They have not agreed to `{topic}`, so there is nothing to take back.")
    token = _last(stage.system.service.parts.tokens.unsubscribe(stage.contact, topic))
    await stage.system.consent.withdraw(token, "page", False, _VISIT)


def _last(url: str) -> str:
    return url.rpartition("/")[2]


# ---------------------------------------------------------------- mails


def _place(values: dict[str, Any]) -> dict[str, str]:
    """Which mail an event of a mail names."""
    return {name: str(values[name]) for name in ("flow", "step", "template", "topic") if name in values}


async def _mail(stage: Stage, **place: str) -> tuple[Handed, Mail]:
    """The newest mail of a place: a step, a flow, a template or a topic, or any."""
    mails = await stage.handed()
    for handed, mail in reversed(mails):
        if all(getattr(handed, name) == value for name, value in place.items()):
            return handed, mail
    wanted = place.get("step") or place.get("template") or place.get("topic") or place.get("flow")
    gone = ", ".join(dict.fromkeys(handed.step for handed, _ in mails)) or "none at all"
    raise CannotHappen(
        f"No mail {f'`{wanted}` ' if wanted else ''}has gone out yet. What has gone out until now: {gone}."
    )


async def _open(stage: Stage, found: tuple[Handed, Mail]) -> None:
    handed, mail = found
    await _may_be_measured(stage, handed, "opened")
    pixel = _PIXEL.search(mail.html())
    if pixel is None:
        raise CannotHappen(f"The mail `{handed.step}` has no HTML part, so that nobody sees it opened.")
    stage.system.measurement.opened(pixel[1], _VISIT.user_agent)
    await stage.system.measurement.finish()


async def _click(stage: Stage, found: tuple[Handed, Mail], link: str | None) -> None:
    handed, mail = found
    await _may_be_measured(stage, handed, "clicked")
    measurement = stage.system.measurement
    targets = {token: measurement.target(token) or "" for token in _LINK.findall(mail.html())}
    chosen = next((token for token, target in targets.items() if link is None or link in target), None)
    if chosen is None:
        there = ", ".join(dict.fromkeys(target for target in targets.values() if target)) or "none"
        which = f" with “{link}” in its address" if link is not None else ""
        raise CannotHappen(f"The mail `{handed.step}` has no link{which}. Its links: {there}.")
    measurement.clicked(chosen, _VISIT.user_agent)
    await measurement.finish()


async def _may_be_measured(stage: Stage, handed: Handed, what: str) -> None:
    if "measurement" not in (await stage.bundle()).agreed:
        raise CannotHappen(
            f"Nobody can see that a mail is {what} unless the contact agreed to it: write "
            "`agreed to measurement` below `contact`."
        )
    if stage.clock() - handed.at < TOO_SOON:
        raise CannotHappen(
            f"The mail `{handed.step}` has only just gone out, and what is {what} within {TOO_SOON // 1000} "
            f"seconds counts as a machine's doing. Write `after 1 minute` in front."
        )


async def _return(stage: Stage, kind: str, code: str, place: dict[str, str]) -> None:
    handed, _ = await _mail(stage, **place)
    report = Return(
        "complaint" if kind == "complaint" else "bounce", code, f"<{handed.key}@scenario>", stage.clock()
    )
    (reason,) = await stage.system.intake.accept_returns([report])
    if reason is not None:
        raise CannotHappen(f"This return is not taken: {reason}.")
    if kind == "bounce":
        stage.returned.add(handed.key)
