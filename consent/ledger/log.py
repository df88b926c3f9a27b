"""The append-only log: leaves and the hashes of their tree, written in the transaction that changes the
state."""

from sqlalchemy import Connection, bindparam, func, select

from consent.proof.leaf import Leaf, leaf_bytes
from consent.proof.tree import Frontier, Nodes, append, frontier_at, leaf_hash
from consent.states import TOLD
from consent.store.statement import Driver, Row, Statement, driver_of
from consent.store.tables import leaves, nodes, span_of

_LEAVES = Statement(leaves.insert())
_NODES = Statement(nodes.insert())


class Log:
    """The log within one transaction. Leaves that were appended are held back until `write`."""

    def __init__(self, driver: Driver, origin: str, now: int, frontier: Frontier) -> None:
        self._driver = driver
        self._origin = origin
        self._now = now
        self._leaves: list[Row] = []
        self._nodes: list[Row] = []
        self.frontier = frontier
        self.told = False
        self.newest = b""  # the hash of the leaf that was appended last

    def append(self, leaf: Leaf) -> int:
        """The position of the new leaf."""
        seq = self.frontier.size
        body = leaf_bytes(self._origin, seq, self._now, leaf)
        self.newest = leaf_hash(body)
        self.frontier, made = append(self.frontier, self.newest)
        told = leaf.type in TOLD
        self.told = self.told or told
        self._leaves.append(
            (
                seq,
                span_of(seq),
                leaf.type,
                leaf.subject or None,
                leaf.purpose,
                self._now,
                told,
                leaf.language,
                body,
            )
        )
        self._nodes.extend(made)
        return seq

    def about(self, subject: str, since: int) -> int:
        """The newest leaf about a subject that this transaction appended at position `since` or behind it;
        -1: none."""
        return max((seq for seq, _, _, of, *_ in self._leaves if of == subject and seq >= since), default=-1)

    def told_at(self, seq: int) -> tuple[str, int]:
        """The type and the time (ms UTC) of the leaf at a position, written or held back."""
        first = self.frontier.size - len(self._leaves)
        if seq >= first:
            return self._leaves[seq - first][2], self._now
        [(kind, at)] = _TOLD_AT.rows(self._driver, seq=seq)
        return kind, at

    def holds(self, seq: int) -> bool:
        """Whether the leaf at a position is held back, not written yet."""
        return seq >= self.frontier.size - len(self._leaves)

    def pending(self) -> bool:
        """Whether leaves are held back."""
        return bool(self._leaves)

    def write(self) -> None:
        """Write what was held back."""
        if self._leaves:
            _LEAVES.run_many(self._driver, self._leaves)
            _NODES.run_many(self._driver, self._nodes)
            self._leaves, self._nodes = [], []


_TOLD_AT = Statement(select(leaves.c.type, leaves.c.at).where(leaves.c.seq == bindparam("seq")))
_NODE = Statement(
    select(nodes.c.hash).where(nodes.c.level == bindparam("on"), nodes.c.index == bindparam("at"))
)


def stored_nodes(conn: Connection) -> Nodes:
    """The complete subtrees as they stand in the store."""
    driver = driver_of(conn)

    def node(level: int, index: int) -> bytes:
        row = _NODE.first(driver, on=level, at=index)
        return bytes(row[0]) if row is not None else b""

    return node


def stored_frontier(conn: Connection) -> Frontier:
    """Where the stored log ends."""
    newest = conn.scalar(select(func.max(leaves.c.seq)))
    return frontier_at(stored_nodes(conn), 0 if newest is None else newest + 1)
