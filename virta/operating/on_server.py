"""What a doctor looks at where stores are on a PostgreSQL server, in place of files and their locks."""

from collections.abc import Iterator

import psycopg
from psycopg import sql

import consent.store.postgres
from consent.store.server import Server as ConsentServer
from engine.store.faults import StoreFault
from engine.store.postgres import held_by, lock_key, reason, where
from engine.store.server import Server
from virta.keeping.manifest import CONSENT, FILES
from virta.keeping.places import Places
from virta.keeping.schemas import Driver, bytes_in, connected, stage_of, tables_of
from virta.operating.complaint import Complaint

_LONG = 60  # seconds that a writing transaction may take
_OLDEST = 140_000

_SETTINGS = {
    "fsync": (
        "The server at {place} runs with fsync = off: a power loss may damage the stores.",
        "Set fsync = on in the server's postgresql.conf and load it anew.",
    ),
    "full_page_writes": (
        "The server at {place} runs with full_page_writes = off: a power loss may damage the stores.",
        "Set full_page_writes = on in the server's postgresql.conf and load it anew.",
    ),
    "autovacuum": (
        "The server at {place} runs with autovacuum = off: tables grow, and what was deleted stays in them.",
        "Set autovacuum = on in the server's postgresql.conf and load it anew.",
    ),
}


def on_server(places: Places, integrity: bool, notes: list[str]) -> Iterator[Complaint]:
    """What is wrong with the schemas that stores are in, and with their server; `notes` gets what is no
    fault."""
    servers = {name: place for name, place in places.stores.items() if isinstance(place, Server)}
    told: set[str] = set()
    for name, server in servers.items():
        try:
            with connected(server) as driver:
                for one in _server(driver, server):
                    if one.says not in told:  # both stores may be on the same server
                        told.add(one.says)
                        yield one
                yield from _locked(driver, server, _writing(places, name, server))
                yield from _half_made(driver, server)
                if integrity:
                    yield from _unreadable(driver, server)
                size = bytes_in(driver, server.schema) / 1_000_000
                notes.append(
                    f"The store of the {FILES[name]} takes {size:,.1f} MB on its server, whose disk cannot "
                    "be seen from here."
                )
        except StoreFault as fault:
            yield Complaint(
                "server",
                f"{fault}.",
                "Start it, or mend `[stores]` in virta.toml. Nothing goes on meanwhile.",
            )


def _server(driver: Driver, server: Server) -> Iterator[Complaint]:
    place = where(server).rpartition(" at ")[2]
    version = driver.info.server_version
    if version < _OLDEST:
        yield Complaint(
            "server",
            f"The server at {place} is PostgreSQL {version // 10_000}.",
            f"Virta needs version {_OLDEST // 10_000} or later.",
        )
    asked = "SELECT name FROM pg_settings WHERE name = ANY(%s) AND setting = 'off' ORDER BY name"
    for (name,) in driver.execute(asked, [list(_SETTINGS)]).fetchall():
        says, do = _SETTINGS[name]
        yield Complaint("server", says.format(place=place), do)
    if _writes_values_down(driver):
        yield Complaint(
            "server",
            f"The server at {place} writes statements into its log with the values that they take: "
            "addresses are among them, and no erasure reaches that log.",
            "Set log_parameter_max_length = 0 in postgresql.conf, load it anew, and clear what was "
            "written there.",
        )


def _writes_values_down(driver: Driver) -> bool:
    asked = "SELECT name, setting FROM pg_settings WHERE starts_with(name, 'log_')"
    found: dict[str, str] = dict(driver.execute(asked).fetchall())
    logs = (
        found.get("log_statement") in ("mod", "all")
        or found.get("log_min_duration_statement") != "-1"
        or found.get("log_min_duration_sample") != "-1"
        or float(found.get("log_transaction_sample_rate", 0)) > 0
    )
    return logs and found.get("log_parameter_max_length") != "0"


def _writing(places: Places, name: str, server: Server) -> int:
    if name == CONSENT and isinstance(places.consent, ConsentServer):
        return consent.store.postgres.lock_key(places.consent, "writing")
    return lock_key(server, "writing")


def _locked(driver: Driver, server: Server, key: int) -> Iterator[Complaint]:
    """Somebody whose transaction does not end, so that all others wait."""
    holder = held_by(driver, key)
    if holder is None:
        return
    pid = int(holder[0].partition("-")[0])
    begun = "extract(epoch FROM clock_timestamp() - xact_start)::float"
    asked = f"SELECT {begun} FROM pg_stat_activity WHERE pid = %s"
    (seconds,) = driver.execute(asked, [pid]).fetchone() or (None,)
    if seconds is not None and seconds > _LONG:
        yield Complaint(
            "locked",
            f"{holder[1] or 'A session'} has been writing into {where(server)} for {seconds:,.0f} seconds, "
            "and all others wait.",
            f"End it, or its session on the server: SELECT pg_terminate_backend({pid})",
        )


def _half_made(driver: Driver, server: Server) -> Iterator[Complaint]:
    stage = stage_of(server).schema
    if tables_of(driver, stage):
        yield Complaint(
            "left-over",
            f"The schema {stage} was left by a restore that was cut short.",
            f"Restore once more, or take it away: DROP SCHEMA {stage} CASCADE",
        )


def _unreadable(driver: Driver, server: Server) -> Iterator[Complaint]:
    """Every row of every table, read."""
    for table in tables_of(driver, server.schema):
        rows = sql.SQL("COPY {} TO STDOUT (FORMAT BINARY)").format(sql.Identifier(server.schema, table))
        try:
            with driver.cursor() as cursor, cursor.copy(rows) as copy:
                for _piece in copy:
                    pass
        except psycopg.OperationalError:  # of the connection, and not of the table
            raise
        except psycopg.Error as fault:
            yield Complaint(
                "integrity",
                f"The table {table} in {where(server)} cannot be read: {reason(fault)}.",
                "Stop `virta serve`, keep a copy of the server's disk, and put back a backup: virta restore "
                "BACKUP --over-newer",
            )
