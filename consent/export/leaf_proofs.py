"""One person's leaves, each with the proof that it is in the log, in a file of its own."""

from collections.abc import Iterator

from sqlalchemy import and_, select

from consent.contract.history import PersonsProof
from consent.ledger.log import stored_frontier, stored_nodes
from consent.ledger.transaction import Reading
from consent.ledger.whose import parts_of
from consent.proof.leaf_proof import proof_text
from consent.proof.tree import inclusion
from consent.store.columns import blob
from consent.store.tables import IN_ANY_SPAN, leaves


def proofs_of(reading: Reading, subject: str) -> Iterator[PersonsProof]:
    """A proof for each leaf about `subject` and those who are part of them, all by one checkpoint that covers
    the log as it is. Raises `DamagedLog`, `SignerAway`."""
    nodes = stored_nodes(reading.conn)
    signed = reading.parts.signing.cover(stored_frontier(reading.conn), nodes, reading.now)
    subjects = [subject, *parts_of(reading, [subject])]
    mine = and_(IN_ANY_SPAN, leaves.c.subject.in_(subjects))
    query = select(leaves.c.seq, leaves.c.type, leaves.c.body).where(mine)
    for seq, kind, body in reading.conn.execute(query.order_by(leaves.c.seq)):
        path = inclusion(nodes, seq, signed.size)
        yield PersonsProof(seq, kind, proof_text(blob(body), seq, path, signed.note))
