"""What ran and what runs: releases, which are only ever added, in order, never changed or taken away.

A release holds all that the engine needs to run it, templates' texts and the consent service's policy among
them: what is served is what was applied, whatever the project's folder says meanwhile.
"""

import hashlib
import zlib
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    LargeBinary,
    String,
    Table,
    desc,
    func,
    insert,
    inspect,
    select,
)
from sqlalchemy.exc import IntegrityError

from consent.contract import Policy, Said
from dsl.graph import Program, to_json
from dsl.templates.facts import Template
from dsl.templates.files import TemplateFile
from engine.store import schema as t
from engine.store.statement import Driver, Statement

Kind: TypeAlias = Literal["first", "apply", "back", "start"]
"""What made a release: the first start of all, `virta apply`, the same with an earlier release, or a start
with other flows than those that ran (of a simulation, which applies nothing)."""

_LEVEL = 6  # of compression: a release is written once

release = Table(
    "release",
    t.metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("by", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("digest", String, nullable=False),  # of the content
    Column("program", String, nullable=False),  # the program's digest
    Column("policy", String, nullable=False),  # the policy's digest
    Column("carries", Boolean, nullable=False),
    Column("backfills", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
)


class Overtaken(Exception):
    """Another release was made meanwhile."""


class Content(Struct, frozen=True):
    """All that a project's folder says, compiled: what can run. `texts` are those of its `.flow` files, for
    people to read; `inherited` are templates that the folder has no more, and that people under way in flows
    of an earlier release still come to."""

    program: Program
    templates: tuple[Template, ...]
    files: tuple[TemplateFile, ...]
    codes: dict[str, tuple[str, ...]]
    policy: Policy
    texts: dict[str, str] = {}
    inherited: frozenset[str] = frozenset()

    @property
    def digest(self) -> str:
        """SHA-256, hex, of all that makes a difference: not of texts, and not of what is inherited."""
        own = [template for template in self.templates if template.name not in self.inherited]
        policy = msgspec.structs.replace(
            self.policy,
            templates=tuple(each for each in self.policy.templates if each.name not in self.inherited),
        )
        parts = (to_json(self.program), own, self.codes, policy)
        return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()


class Backfill(Struct, frozen=True):
    """A flow that starts for the past as well: for whoever is in the segment of its start, or had the event
    of its start at `since` or later (ms UTC)."""

    flow: str
    since: int = 0


class Release(Struct, frozen=True):
    """One of them. `at` is ms UTC, `by` says who made it, as in `anna at shop1`. It `carries` people who are
    under way in its flows over into them. `policy` is the digest of the policy that is published, `said`
    what was said of topics whose consent texts differ from those before."""

    number: int
    at: int
    by: str
    kind: Kind
    content: Content
    policy: str
    carries: bool = True
    backfills: tuple[Backfill, ...] = ()
    said: dict[str, Said] = {}

    @property
    def published(self) -> Policy:
        """What the consent service is told: the content's policy, and what was said of it."""
        return msgspec.structs.replace(self.content.policy, said=self.said)


class Head(Struct, frozen=True):
    """What is told of a release in a list of them."""

    number: int
    at: int
    by: str
    kind: str
    digest: str


class _Body(Struct, frozen=True):
    content: Content
    said: dict[str, Said] = {}


def add(connection: Connection, new: Release) -> None:
    """Write a release down. Raises `Overtaken` if there is one of its number."""
    body = msgspec.json.encode(_Body(new.content, new.said))
    row = {
        "number": new.number,
        "at": new.at,
        "by": new.by,
        "kind": new.kind,
        "digest": new.content.digest,
        "program": hashlib.sha256(to_json(new.content.program)).hexdigest(),
        "policy": new.policy,
        "carries": new.carries,
        "backfills": msgspec.json.encode(new.backfills),
        "body": zlib.compress(body, _LEVEL),
    }
    try:
        connection.execute(insert(release), row)
    except IntegrityError:
        raise Overtaken from None


def find(connection: Connection, number: int | None = None) -> Release | None:
    """The release of that number, or the newest. None: there is none; an earlier version of Virta wrote none
    at all."""
    if not inspect(connection).has_table(release.name):
        return None
    wanted = select(release)
    wanted = wanted.where(release.c.number == number) if number is not None else wanted
    row = connection.execute(wanted.order_by(desc(release.c.number)).limit(1)).first()
    if row is None:
        return None
    body = msgspec.json.decode(zlib.decompress(row.body), type=_Body)
    return Release(
        row.number,
        row.at,
        row.by,
        row.kind,
        body.content,
        row.policy,
        row.carries,
        _backfills(row.backfills),
        body.said,
    )


def heads(connection: Connection) -> list[Head]:
    """All releases, oldest first."""
    if not inspect(connection).has_table(release.name):
        return []
    columns = (release.c.number, release.c.at, release.c.by, release.c.kind, release.c.digest)
    return [Head(*row) for row in connection.execute(select(*columns).order_by(release.c.number))]


def last(driver: Driver) -> int:
    """The number of the newest; 0: there is none."""
    found = _LAST.first(driver)
    return (found[0] or 0) if found is not None else 0


def backfills(connection: Connection) -> list[tuple[int, Backfill]]:
    """All that was ever to start for the past, in order, each with its release's number."""
    found = connection.execute(select(release.c.number, release.c.backfills).order_by(release.c.number))
    return [(row.number, asked) for row in found for asked in _backfills(row.backfills)]


def _backfills(row: bytes) -> tuple[Backfill, ...]:
    return msgspec.json.decode(row, type=tuple[Backfill, ...])


def enact(connection: Connection, draft: Release) -> Release:
    """The release that is to run: the newest, where it has the same content as `draft`; else `draft`, written
    down behind it."""
    newest = find(connection)
    if newest is not None and newest.content.digest == draft.content.digest:
        return newest
    number = newest.number + 1 if newest is not None else 1
    made = msgspec.structs.replace(draft, number=number, kind=draft.kind if newest is not None else "first")
    add(connection, made)
    return made


_LAST = Statement(select(func.max(release.c.number)))
