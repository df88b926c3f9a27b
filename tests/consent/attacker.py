"""Somebody who has the whole store and the keys, and writes history anew so that a withdrawal never was."""

import json
import sqlite3
from contextlib import closing

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent.proof.checkpoint import Checkpoint, sign
from consent.proof.record import Record, record_bytes
from consent.proof.tree import Frontier, append, leaf_hash, merkle_root

_POSITIONS = (
    ("batches", "seq"),
    ("decisions", "batch"),
    ("decisions", "consent_seq"),
    ("standings", "seq"),
    ("subjects", "confirmed"),
)


def withdrawal_of(path, subject):
    """The position of somebody's withdrawal."""
    with closing(sqlite3.connect(path)) as store:
        query = "SELECT seq FROM leaves WHERE type = 'withdrawn' AND subject = ?"
        return store.execute(query, [subject]).fetchone()[0]


def rewrite(path, subject, origin, seed=None):
    """Write the log in the file at `path` anew without the withdrawal of `subject`: what was denied for it
    was allowed, all positions, roots and the tree fit, the file of stops knows nothing. With the log's `seed`
    it is signed anew; without, the old checkpoints stay, for there is nothing else."""
    gone = withdrawal_of(path, subject)
    path.with_name(path.name + ".stops").unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as store, store:
        consent = store.execute(
            "SELECT max(seq) FROM leaves WHERE type = 'confirmed' AND subject = ? AND seq < ?",
            [subject, gone],
        ).fetchone()[0]
        words = store.execute("SELECT body FROM leaves WHERE seq = ?", [consent]).fetchone()[0]
        store.execute("DELETE FROM leaves WHERE seq = ?", [gone])
        store.execute("UPDATE leaves SET seq = -seq WHERE seq > ?", [gone])
        store.execute("UPDATE leaves SET seq = -seq - 1 WHERE seq < 0")
        for table, column in _POSITIONS:
            store.execute(f"UPDATE {table} SET {column} = {column} - 1 WHERE {column} > ?", [gone])
        store.execute(
            "UPDATE decisions SET reason = NULL, consent_seq = ?, purpose = ?, outcome = 'accepted' "
            "WHERE subject = ? AND reason = 'withdrawn'",
            [consent, json.loads(words)["notice"], subject],
        )
        store.execute("UPDATE decisions SET epoch = 0 WHERE subject = ?", [subject])
        store.execute("UPDATE subjects SET epoch = 0 WHERE id = ?", [subject])
        store.execute("UPDATE standings SET state = 'active', seq = ? WHERE subject = ?", [consent, subject])
        frontier = _leaves_anew(store)
        if seed is not None:
            _sign_anew(store, frontier, origin, seed)


def _leaves_anew(store):
    store.execute("DELETE FROM nodes")
    frontier = Frontier()
    for seq, body in store.execute("SELECT seq, body FROM leaves ORDER BY seq").fetchall():
        leaf = json.loads(body) | {"seq": seq}
        if leaf["type"] == "decisions":
            leaf["batch"] = _batch(store, seq, leaf["notice"])
        data = rfc8785.dumps(leaf)
        store.execute("UPDATE leaves SET body = ? WHERE seq = ?", [data, seq])
        frontier, made = append(frontier, leaf_hash(data))
        store.executemany("INSERT INTO nodes VALUES (?, ?, ?)", made)
    return frontier


def _batch(store, seq, policy):
    store.row_factory = sqlite3.Row
    rows = store.execute("SELECT * FROM decisions WHERE batch = ? ORDER BY id", [seq]).fetchall()
    store.row_factory = None
    records = [
        Record(
            attempt=row["attempt"],
            mail_class=row["class"],
            consent_seq=row["consent_seq"],
            epoch=row["epoch"],
            key=row["key"],
            measured=bool(row["measured"]),
            message_id=row["message_id"],
            policy=policy,
            purpose=row["purpose"],
            reason=row["reason"] or "",
            subject=row["subject"],
            template=row["template"],
            topic=row["topic"],
            v=1,
            variant=row["variant"],
            verdict="deny" if row["reason"] else "allow",
        )
        for row in rows
    ]
    return {
        "count": len(records),
        "root": merkle_root([leaf_hash(record_bytes(one)) for one in records]).hex(),
    }


def _sign_anew(store, frontier, origin, seed):
    private = Ed25519PrivateKey.from_private_bytes(seed)
    note = sign(Checkpoint(origin, frontier.size, frontier.root()), [(origin, private)])
    store.execute("DELETE FROM checkpoints")
    store.execute("UPDATE batches SET checkpoint = ?", [frontier.size])
    store.execute(
        "INSERT INTO checkpoints (size, root, at, note) VALUES (?, ?, ?, ?)",
        [frontier.size, frontier.root(), 1_772_500_000_000, note],
    )
