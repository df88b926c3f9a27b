"""What programs ever asked of people, by the digests that stand with each contact."""

from collections.abc import Mapping
from typing import TypeAlias

import msgspec
from sqlalchemy import Column, Connection, LargeBinary, String, Table, insert, select

from engine.core.asked import Asked, asked_from_json, asked_to_json
from engine.store import schema as t

asked = Table(  # of the past: by it windows are kept
    "asked",
    t.metadata,
    Column("digest", String, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

judged = Table(  # the definitions of segments: by them memberships are told
    "judged",
    t.metadata,
    Column("digest", String, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)


Questions: TypeAlias = tuple[dict[str, Asked], dict[str, dict[str, str]]]
"""All that ever was asked of the past, and how segments were ever defined, by name; both by digest."""


def keep(connection: Connection, new: Asked, judges: str, definitions: Mapping[str, str]) -> Questions:
    """Write down what is asked of people from now on; all that ever was. `judges` is the digest of the
    `definitions`."""
    asked_ever = _keep(connection, asked, new.digest, asked_to_json(new))
    body = msgspec.json.encode(dict(definitions), order="sorted")
    judged_ever = _keep(connection, judged, judges, body)
    return (
        {digest: asked_from_json(found) for digest, found in asked_ever.items()},
        {digest: msgspec.json.decode(found, type=dict[str, str]) for digest, found in judged_ever.items()},
    )


def _keep(connection: Connection, table: Table, digest: str, body: bytes) -> dict[str, bytes]:
    known: dict[str, bytes] = {row.digest: row.body for row in connection.execute(select(table))}
    if digest not in known:
        connection.execute(insert(table), {"digest": digest, "body": body})
    return {**known, digest: body}
