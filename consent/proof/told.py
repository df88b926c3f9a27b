"""Leaves and decisions as an export has them, read from their exact bytes.

Nearly every line is in plain ASCII without escapes. What such a canonical line looks like is written down as
one pattern, which tells in a few microseconds both that it is canonical and what stands in it. Any other line
goes by a library for all of RFC 8785, and then, its free texts taken out, by the same pattern: nothing passes
the slow way that would not pass the fast one."""

import json
import re
from typing import NamedTuple, cast

import rfc8785

from consent.proof.failure import Failed, Failure
from consent.states import DECISIONS_EXPIRED, MERGED

Json = dict[str, object]

_LEAF = (
    '{"actor":"TEXT","at":NUMBER,BATCH"channel":"CHANNEL","evidence":"UNREAD",EXPIRED"from":"TEXT",INTO'
    '"log":"TEXT","notice":"HASH","purpose":"TEXT","seq":NUMBER,"subject":"ID","to":"TEXT","type":"TEXT","v":1}'
)
_ITS_OWN = {"decisions": "batch", DECISIONS_EXPIRED: "expired", MERGED: "into"}
"""The member that leaves of a type have beside the others."""
_FREE = ("actor", "from", "log", "purpose", "to", "type")  # texts of any characters
_RECORD = (
    '{"attempt":NUMBER,"class":"TEXT","consent_seq":NUMBER,"epoch":NUMBER,"key":"TEXT","measured":BOOL,'
    '"message_id":"TEXT",'
    '"policy":"TEXT","purpose":"TEXT","reason":"TEXT","subject":"TEXT","template":"TEXT","topic":"TEXT","v":1,'
    '"variant":"TEXT","verdict":"TEXT"}'
)
TEXTS = (
    "class",
    "key",
    "message_id",
    "policy",
    "purpose",
    "reason",
    "subject",
    "template",
    "topic",
    "variant",
    "verdict",
)
NUMBERS = ("attempt", "consent_seq", "epoch", "v")
_ORDER = tuple(re.findall(r'"(\w+)":(?:"|[NB])', _RECORD))


def _pattern(line: str) -> re.Pattern[str]:
    found = re.escape(line)
    # Nothing is tried twice: every `+` and `*` keeps what it took.
    for word, pattern in (
        ("BATCH", r'(?:"batch":\{"count":NUMBER,"root":"([0-9a-f]{64})"\},)?+'),
        ("EXPIRED", r'(?:"expired":\{"before":NUMBER,"months":NUMBER\},)?+'),
        ("INTO", r'(?:"into":"([0-9a-f]{32})",)?+'),
        ("RECORD", f"({re.escape(_RECORD)})"),
        ("TEXT", r"([ !#-\[\]-~]*+)"),
        ("NUMBER", r"(0|[1-9][0-9]{0,14}+)"),
        ("BOOL", "(true|false)"),
        ("CHANNEL", "((?:email)?+)"),
        ("UNREAD", "(?:[0-9a-f]{64})?+"),
        ("HASH", "((?:[0-9a-f]{64})?+)"),
        ("ID", "((?:[0-9a-f]{32})?+)"),
    ):
        found = found.replace(word, pattern)
    return re.compile(found)


_LEAF_LINE = _pattern(_LEAF)
_TRACE_LINE = re.compile(rb'\{"batch":(0|[1-9][0-9]{0,14}),"hash":"([0-9a-f]{64})"\}')
_DECISION_LINE = _pattern('{"batch":NUMBER,"record":RECORD}')


_AFTER_KEY = re.compile(r"@[!-;=?A-~]{1,255}>")


def names(key: str, message_id: str) -> bool:
    """Whether a Message-ID is that of the mail with this key: `<KEY@DOMAIN>`."""
    own = message_id.startswith(f"<{key}")
    return own and _AFTER_KEY.fullmatch(message_id, len(key) + 1) is not None


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
    found, texts = _LEAF_LINE.fullmatch(line.decode("latin-1")), None
    if found is None:
        found, texts = _by_library(line, seq)
    parts = found.groups()
    actor, at, count, root, channel, until, months, before, into, named, notice, purpose, place = parts[:13]
    subject, after, kind = parts[13:]
    if texts is not None:
        actor, before, named, purpose, after, kind = texts
    if named != log or place != str(seq):
        raise Failed(Failure.LEAF, f"Leaf {seq} has another position, or is of another log.")
    if (channel == "") is not (subject == ""):
        raise _misshapen(seq)
    batch = expired = None
    if count or until or into or kind in _ITS_OWN:
        own = (("batch", count), ("expired", until), ("into", into))
        if [name for name, value in own if value is not None] != [_ITS_OWN.get(kind)]:
            raise _misshapen(seq)
        batch = (int(count), root) if count is not None else None
        expired = (int(until), int(months)) if until is not None else None
    return Told(kind, subject, purpose, before, after, notice, actor, batch, int(at), expired, into or "")


def _by_library(line: bytes, seq: int) -> tuple[re.Match[str], list[str]]:
    """What the pattern finds in a leaf without its free texts, and these."""
    leaf = canonical_object(line, Failure.LEAF, f"Leaf {seq}")
    texts = [text for name in _FREE if isinstance(text := leaf.get(name), str)]
    bare = rfc8785.dumps(cast(dict[str, str], leaf | dict.fromkeys(_FREE, "")))
    found = _LEAF_LINE.fullmatch(bare.decode("latin-1"))
    if found is None or len(texts) < len(_FREE):
        raise _misshapen(seq)
    return found, texts


def _misshapen(seq: int) -> Failed:
    return Failed(
        Failure.LEAF, f"Leaf {seq} lacks a member, or has one too many, or one that is not of its form."
    )


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
