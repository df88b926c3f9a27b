"""The append-only log: leaves and the hashes of their tree, written in the transaction that changes the
state."""

from sqlalchemy import Connection, and_, func, or_, select

from consent.leaf import Leaf, leaf_bytes
from consent.states import TOLD
from consent.store import leaves, nodes
from consent.tree import Frontier, Nodes, append, frontier_at, leaf_hash, peaks_of


class Log:
    """The log within one transaction. Leaves that were appended are held back until `write`."""

    def __init__(self, conn: Connection, origin: str, now: int, frontier: Frontier) -> None:
        self._conn = conn
        self._origin = origin
        self._now = now
        self._leaves: list[dict[str, object]] = []
        self._nodes: list[dict[str, object]] = []
        self.frontier = frontier
        self.told = False

    def append(self, leaf: Leaf) -> int:
        """The position of the new leaf."""
        seq = self.frontier.size
        body = leaf_bytes(self._origin, seq, self._now, leaf)
        self.frontier, made = append(self.frontier, leaf_hash(body))
        told = leaf.type in TOLD
        self.told = self.told or told
        self._leaves.append(
            {
                "seq": seq,
                "type": leaf.type,
                "subject": leaf.subject or None,
                "purpose": leaf.purpose,
                "at": self._now,
                "told": told,
                "language": leaf.language,
                "body": body,
            }
        )
        self._nodes.extend({"level": level, "index": index, "hash": found} for level, index, found in made)
        return seq

    def pending(self) -> bool:
        """Whether leaves are held back."""
        return bool(self._leaves)

    def write(self) -> None:
        """Write what was held back."""
        if self._leaves:
            self._conn.execute(leaves.insert(), self._leaves)
            self._conn.execute(nodes.insert(), self._nodes)
            self._leaves, self._nodes = [], []


def stored_nodes(conn: Connection) -> Nodes:
    """The complete subtrees as they stand in the store."""
    query = select(nodes.c.hash)

    def node(level: int, index: int) -> bytes:
        found = conn.scalar(query.where(nodes.c.level == level, nodes.c.index == index))
        return bytes(found) if found is not None else b""

    return node


def earlier_frontier(conn: Connection, size: int) -> Frontier:
    """The frontier of the first `size` leaves as they stand in the store, by one query."""
    peaks = peaks_of(size)
    places = or_(*(and_(nodes.c.level == level, nodes.c.index == index) for level, index in peaks))
    rows = conn.execute(select(nodes.c.level, nodes.c.index, nodes.c.hash).where(places)) if peaks else ()
    found = {(level, index): bytes(hash_) for level, index, hash_ in rows}
    return Frontier(size, tuple(found.get(peak, b"") for peak in peaks))


def stored_frontier(conn: Connection) -> Frontier:
    """Where the stored log ends."""
    size = conn.scalar(select(func.count()).select_from(leaves)) or 0
    return frontier_at(stored_nodes(conn), size)
