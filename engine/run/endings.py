"""What became of mails and calls, written down; and what journeys hear of it."""

from collections.abc import Mapping, Sequence

from engine.calls.caller import Ended
from engine.core.bundle import Effect, Entry, MailBody, MailEnded, Stimulus
from engine.core.loaded import Loaded
from engine.core.record import What, Why
from engine.delivery.outcomes import Verdict
from engine.store.batch import Batch
from engine.store.handed import Handed
from engine.store.unknown import Unknown

LATE_HANDOVER = 60_000
"""Milliseconds from asking to hand-over from which on a wait is counted anew. Every wait is at least as
long, so no timer that matters can come before a hand-over that is not reported."""


def endings(
    verdicts: Sequence[Verdict],
    called: Sequence[Ended],
    open_: Mapping[str, Effect],
    loaded: Loaded,
    batch: Batch,
) -> list[Stimulus]:
    """What journeys hear, the rest goes into `batch`; `open_` are the mails that were under way, by key. A
    mail handed over in time needs a line in the journal only; all else the journey must hear."""
    stimuli: list[Stimulus] = []
    for verdict in verdicts:
        effect = open_.get(verdict.item.key)
        if effect is None:  # a proof mail: the consent service keeps its story
            continue
        batch.ended.append(effect.key)
        body = effect.body
        if isinstance(body, MailBody):
            _handed(effect, body, verdict, loaded, batch, stimuli)
        else:
            told = (body.journey, body.flow, body.step, What.TOLD.value, verdict.reason)
            batch.entries.append(Entry(effect.contact, verdict.at, 0, *told))
    for call in called:
        batch.ended.append(call.key)
        line = (call.body.journey, call.body.flow, call.body.step, What.CALLED.value, call.reason)
        batch.entries.append(Entry(call.contact, call.at, 0, *line))
    return stimuli


def _handed(
    effect: Effect,
    body: MailBody,
    verdict: Verdict,
    loaded: Loaded,
    batch: Batch,
    stimuli: list[Stimulus],
) -> None:
    place = (body.flow, body.journey, body.step)
    if verdict.reason == Why.OUTCOME_UNKNOWN:
        batch.unknown.append(Unknown(verdict.at, effect))
    if body.resent:  # it counts as handed over since the first time
        again = (body.journey, body.flow, body.step, What.RESENT.value, verdict.reason)
        batch.entries.append(Entry(effect.contact, verdict.at, 0, *again))
        return
    if verdict.reason in ("", Why.OUTCOME_UNKNOWN):
        names = (body.flow, body.step, body.template, body.topic)
        batch.handed.append(Handed(effect.key, effect.contact, verdict.at, *names))
    reported = body.report or loaded.hears_of_mails
    if verdict.reason or reported or verdict.at - body.at > LATE_HANDOVER:
        data = MailEnded(*place, effect.key, body.template, body.topic, verdict.reason, verdict.fault)
        stimuli.append(Stimulus(effect.key, effect.contact, verdict.at, data))
    else:
        line = (body.journey, body.flow, body.step, What.SENT.value)
        batch.entries.append(Entry(effect.contact, verdict.at, 0, *line))
