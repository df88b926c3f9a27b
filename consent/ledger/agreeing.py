"""How many people agreed to the words in force."""

from collections.abc import Collection

from sqlalchemy import Connection, func, select

from consent.ledger.founding import present_rules
from consent.states import GOING
from consent.store.tables import standings, subjects


def count_agreed(conn: Connection, topics: Collection[str]) -> dict[str, int]:
    """Of each topic, how many people get mails about it on the strength of the words in force, or of others
    that mean the same. Nothing is opened for it, so it needs no key."""
    rules = present_rules(conn)
    found = {}
    for topic in topics:
        known = rules.purposes.get(topic)
        same = [version for version in rules.grounds if known and rules.holds(version, known[0])]
        stopped = (subjects.c.complained, subjects.c.bounced, subjects.c.objected)
        query = (
            select(func.count())
            .select_from(standings.join(subjects, subjects.c.id == standings.c.subject))
            .where(
                standings.c.topic == topic,
                standings.c.state.in_([state.value for state in GOING]),
                standings.c.version.in_(same),
                *(stop < standings.c.seq for stop in stopped),
            )
        )
        found[topic] = int(conn.scalar(query) or 0)
    return found
