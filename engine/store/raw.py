"""The raw events of one contact, since when there are any, and for how long."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, bindparam, delete, func, literal_column, select

from engine.core.flow import SENT
from engine.core.rereading import RawEvent
from engine.store import rows
from engine.store import schema as t
from engine.store.arrivals import INBOX
from engine.store.statement import Driver, Statement

_EMITTED = 0  # when such a row was received: it was worked on when it was written down


def of(driver: Driver, contacts: Sequence[tuple[str, Collection[str]]], until: int) -> list[list[RawEvent]]:
    """The events of each contact that were worked on, in that order, where the inbox has been worked on up to
    `until`. Only those of the kinds named beside the contact have data."""
    return [_of(driver, contact, kinds, until) for contact, kinds in contacts]


def _of(driver: Driver, contact: str, kinds: Collection[str], until: int) -> list[RawEvent]:
    id_ = bytes.fromhex(contact)
    found = []
    if SENT in kinds:
        for key, at, flow, step, template, topic in _MAILS.rows(driver, id_):
            facts = {"flow": flow, "step": step, "template": template, "topic": topic}
            found.append(RawEvent(0, key.hex(), SENT, at, at, facts))
    for seq, id_text, kind, at, received, data in _EVENTS.rows(driver, id_):
        if seq <= until or received == _EMITTED:
            heard = at if received == _EMITTED else received
            facts = rows.data_of(data) if kind in kinds else {}
            found.append(RawEvent(seq, id_text or f"inbox-{seq}", kind, at, heard, facts))
    return found


def first(connection: Connection, kinds: Collection[str]) -> dict[str, int]:
    """The moment (ms UTC) of the first record of each of these events; those of which there is none are left
    out. There is no index for it: it is asked by people who plan, and not by the engine."""
    found = {}
    for kind in sorted(kinds):
        asked_first = select(t.inbox.c.at).where(t.inbox.c.kind == kind).order_by(t.inbox.c.seq).limit(1)
        if kind == SENT:
            asked_first = select(t.mail.c.at).order_by(t.mail.c.at).limit(1)
        at = connection.scalar(asked_first)
        if at is not None:
            found[kind] = at
    return found


def forget(driver: Driver, before: int, limit: int) -> bool:
    """Forget up to `limit` of the oldest rows of the inbox that came in before an instant (ms UTC) and were
    worked on; whether there may be more. The newest row always stays."""
    done = _WORKED_ON_TO.first(driver)
    until = int(done[0]) if done is not None else 0
    newest = _END.first(driver)
    last = 0
    oldest = _OLDEST.rows(driver, limit)
    for seq, at, received in oldest:
        if seq > until or max(at, received) >= before or newest is None or seq >= newest[0]:
            break
        if at:  # a row that was emptied has no moment: it goes with the next that has one
            last = seq
    if last:
        _FORGET.run(driver, last)
    return bool(last) and len(oldest) == limit and last == oldest[-1][0]


_inbox, _mail, _kind = t.inbox.c, t.mail.c, t.mail_kind.c
_EVENTS = Statement(
    select(_inbox.seq, _inbox.id, _inbox.kind, _inbox.at, _inbox.received, _inbox.data)
    .where(_inbox.contact == bindparam("contact_"))
    .order_by(_inbox.seq)
)
_WORKED_ON_TO = Statement(select(t.note.c.value).where(t.note.c.name == literal_column(f"'{INBOX}'")))
_END = Statement(select(func.max(_inbox.seq)))
_OLDEST = Statement(
    select(_inbox.seq, _inbox.at, _inbox.received).order_by(_inbox.seq).limit(bindparam("limit"))
)
_FORGET = Statement(delete(t.inbox).where(_inbox.seq <= bindparam("last")))
_MAILS = Statement(
    select(_mail.key, _mail.at, _kind.flow, _kind.step, _kind.template, _kind.topic)
    .join(t.mail_kind, _kind.id == _mail.kind)
    .where(_mail.contact == bindparam("contact_"))
    .order_by(_mail.at, _mail.key)
)
