"""Leaves and decisions as an export has them, read from their exact bytes.

Nearly every line is in plain ASCII without escapes. What such a canonical line looks like is written down as
one pattern, which tells in a few microseconds both that it is canonical and what stands in it. Any other line
goes by a library for all of RFC 8785."""

import json
import re
from typing import NamedTuple, cast

import rfc8785

from consent.proof.failure import Failed, Failure
from consent.states import DECISIONS_EXPIRED, MERGED

Json = dict[str, object]

_MEMBERS = frozenset("v log seq at type subject purpose channel from to notice actor evidence".split())
_TEXTS = ("type", "subject", "purpose", "from", "to", "notice", "actor")
_LEAF = (
    '{"actor":"TEXT","at":NUMBER,BATCH"channel":"CHANNEL","evidence":"HASH","from":"TEXT",INTO"log":"TEXT",'
    '"notice":"HASH","purpose":"TEXT","seq":NUMBER,"subject":"ID","to":"TEXT","type":"TEXT","v":1}'
)
_RECORD = (
    '{"attempt":NUMBER,"class":"TEXT","consent_seq":NUMBER,"epoch":NUMBER,"key":"TEXT","measured":BOOL,'
    '"policy":"TEXT","purpose":"TEXT","reason":"TEXT","subject":"TEXT","template":"TEXT","topic":"TEXT","v":1,'
    '"variant":"TEXT","verdict":"TEXT"}'
)
TEXTS = ("class", "key", "policy", "purpose", "reason", "subject", "template", "topic", "variant", "verdict")
NUMBERS = ("attempt", "consent_seq", "epoch", "v")
_ORDER = tuple(re.findall(r'"(\w+)":(?:"|[NB])', _RECORD))


_BESIDE = {
    "decisions": frozenset({"batch"}),
    DECISIONS_EXPIRED: frozenset({"expired"}),
    MERGED: frozenset({"into"}),
}
_ID, _HASH = re.compile("([0-9a-f]{32})?"), re.compile("([0-9a-f]{64})?")


def _pattern(line: str) -> re.Pattern[str]:
    found = re.escape(line)
    for word, pattern in (
        ("BATCH", r'(?:"batch":\{"count":NUMBER,"root":"TEXT"\},)?'),
        ("INTO", r'(?:"into":"ID",)?'),
        ("CHANNEL", "(email)?"),
        ("HASH", "([0-9a-f]{64})?"),
        ("ID", "([0-9a-f]{32})?"),
        ("RECORD", f"({re.escape(_RECORD)})"),
        ("TEXT", r"([ !#-\[\]-~]*)"),
        ("NUMBER", r"(0|[1-9][0-9]{0,14})"),
        ("BOOL", "(true|false)"),
    ):
        found = found.replace(word, pattern)
    return re.compile(found)


_LEAF_LINE = _pattern(_LEAF)
_TRACE_LINE = re.compile(rb'\{"batch":(0|[1-9][0-9]{0,14}),"hash":"([0-9a-f]{64})"\}')
_DECISION_LINE = _pattern('{"batch":NUMBER,"record":RECORD}')


class Told(NamedTuple):
    """What a leaf tells; `batch` is the count and the root (hex) of the decisions that it records, `expired`
    the position before which decisions may be gone, and how many months they were kept, `into` the subject
    whom this one became part of. `at` is in ms UTC."""

    type: str
    subject: str
    purpose: str
    before: str
    after: str
    notice: str
    actor: str
    batch: tuple[int, str] | None
    at: int
    expired: tuple[int, int] | None = None
    into: str = ""


def read_leaf(line: bytes, log: str, seq: int) -> Told:
    """The leaf in `line`, which must be the one at `seq` in `log`. Raises `Failed`."""
    found = _LEAF_LINE.fullmatch(line.decode("latin-1"))
    if found is None:
        return _by_library(line, log, seq)
    actor, at, count, root, channel, _, before, into, named, notice, purpose, place, subject, after, kind = (
        found.groups("")
    )
    if named != log or place != str(seq) or bool(subject) is not bool(channel):
        raise _misplaced(seq)
    if bool(count) is not (kind == "decisions"):
        raise _no_batch(seq)
    if bool(into) is not (kind == MERGED) or kind == DECISIONS_EXPIRED:
        raise _not_so(seq)
    batch = (int(count), root) if count else None
    return Told(kind, subject, purpose, before, after, notice, actor, batch, int(at), None, into)


def _by_library(line: bytes, log: str, seq: int) -> Told:
    leaf = canonical_object(line, Failure.LEAF, f"Leaf {seq}")
    beside = _BESIDE.get(str(leaf.get("type")), frozenset())
    if leaf.keys() != _MEMBERS | beside or leaf["log"] != log or leaf["seq"] != seq:
        raise _misplaced(seq)
    if not all(isinstance(leaf[name], str) for name in (*_TEXTS, "channel", "evidence")):
        raise _not_so(seq)
    kind, subject, purpose, before, after, notice, actor = (str(leaf[name]) for name in _TEXTS)
    at, into = leaf["at"], leaf.get("into", "")
    if type(at) is not int or type(leaf["v"]) is not int or leaf["v"] != 1:
        raise _not_so(seq)
    if not (_ID.fullmatch(subject) and _HASH.fullmatch(notice) and _HASH.fullmatch(str(leaf["evidence"]))):
        raise _not_so(seq)
    if (
        leaf["channel"] != ("email" if subject else "")
        or not isinstance(into, str)
        or not _ID.fullmatch(into)
    ):
        raise _not_so(seq)
    batch = _batch(seq, leaf["batch"]) if "batch" in beside else None
    expired = _expired(seq, leaf["expired"]) if "expired" in beside else None
    return Told(kind, subject, purpose, before, after, notice, actor, batch, at, expired, into)


def _batch(seq: int, batch: object) -> tuple[int, str]:
    if not isinstance(batch, dict) or set(batch) != {"count", "root"} or type(batch["count"]) is not int:
        raise _no_batch(seq)
    return batch["count"], str(batch["root"])


def _expired(seq: int, expired: object) -> tuple[int, int]:
    if not isinstance(expired, dict) or set(expired) != {"before", "months"}:
        raise _no_end(seq)
    before, months = expired["before"], expired["months"]
    if type(before) is not int or type(months) is not int:
        raise _no_end(seq)
    return before, months


def _misplaced(seq: int) -> Failed:
    return Failed(Failure.LEAF, f"Leaf {seq} lacks a member, has another position, or is of another log.")


def _not_so(seq: int) -> Failed:
    return Failed(
        Failure.LEAF, f"Leaf {seq} has a member that is none of its type, or says what none can say."
    )


def _no_batch(seq: int) -> Failed:
    return Failed(Failure.LEAF, f"Leaf {seq} records decisions but has no count and root.")


def _no_end(seq: int) -> Failed:
    return Failed(Failure.LEAF, f"Leaf {seq} lets decisions go and does not say up to where.")


def read_trace(line: bytes) -> tuple[int, bytes] | None:
    """The batch of a decision that was let go, and the hash of its record; None: the line is a decision."""
    found = _TRACE_LINE.fullmatch(line)
    return None if found is None else (int(found[1]), bytes.fromhex(found[2].decode()))


def read_decision(number: int, line: bytes) -> tuple[int, bytes, Json]:
    """The batch of a decision, its record's exact bytes, and the record. Raises `Failed`."""
    found = _DECISION_LINE.fullmatch(line.decode("latin-1"))
    if found is not None:
        batch, record, *values = found.groups()
        body: Json = dict(zip(_ORDER, values, strict=False))
        for name in ("attempt", "consent_seq", "epoch"):
            body[name] = int(cast(str, body[name]))
        body["measured"] = body["measured"] == "true"
        body["v"] = 1
        return int(batch), record.encode(), body
    entry = canonical_object(line, Failure.DECISIONS, f"Decision {number}")
    slow, place = entry.get("record"), entry.get("batch")
    if set(entry) != {"batch", "record"} or not isinstance(slow, dict) or type(place) is not int:
        raise Failed(Failure.DECISIONS, f"Decision {number} lacks its batch or its record.")
    return place, rfc8785.dumps(slow), cast(Json, slow)


def canonical_object(line: bytes, failure: Failure, what: str) -> Json:
    """The object in `line`, if these are its canonical bytes (RFC 8785). Raises `Failed`."""
    try:
        found = json.loads(line)
        same = isinstance(found, dict) and rfc8785.dumps(found) == line
    except (ValueError, RecursionError):
        same = False
    if not same:
        raise Failed(failure, f"{what} is no canonical JSON.")
    return cast(Json, found)
