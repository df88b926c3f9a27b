"""Which flows run: the program that was loaded at the last start, and the templates that went with it."""

from collections.abc import Mapping

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, inspect, select
from sqlalchemy.dialects.sqlite import insert as upsert

from dsl.graph import Program, program_from_json, to_json
from engine.store import schema as t

_PROGRAM, _TEMPLATES = "program", "templates"


class Current(Struct, frozen=True):
    """`templates` are digests by name."""

    program: Program
    templates: dict[str, str]


def keep(connection: Connection, program: Program, templates: Mapping[str, str]) -> None:
    """Write down what runs from now on."""
    put = upsert(t.current)
    put = put.on_conflict_do_update(index_elements=["name"], set_={"body": put.excluded.body})
    bodies = {_PROGRAM: to_json(program), _TEMPLATES: msgspec.json.encode(dict(templates))}
    connection.execute(put, [{"name": name, "body": body} for name, body in bodies.items()])


def find(connection: Connection) -> Current | None:
    """What ran last; None in a database that an earlier version wrote, which does not tell."""
    if not inspect(connection).has_table(t.current.name):
        return None
    rows = connection.execute(select(t.current.c.name, t.current.c.body))
    bodies: dict[str, bytes] = {row.name: row.body for row in rows}
    if not bodies:
        return None
    templates = msgspec.json.decode(bodies[_TEMPLATES], type=dict[str, str])
    return Current(program_from_json(bodies[_PROGRAM]), templates)
