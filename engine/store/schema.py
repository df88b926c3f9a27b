"""The tables of the engine's database.

A journey keeps its place from start to end, so that those who started together lie together: a move that
changes nothing but its node and deadline leaves the rest of its row unread. `timer` and `watch` tell in order
whose deadline comes when. A contact's own row tells where its journeys are; it is written when one starts,
and when attributes or windows change. The journal is one packed row per batch. All instants are milliseconds
since 1970 UTC.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    text,
)
from sqlalchemy.types import TypeEngine

from engine.store.version import with_version

metadata = MetaData()


def _id() -> TypeEngine[bytes]:
    return LargeBinary(16)


NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""Of rows in the order of writing: SQLite counts for itself only what is called an integer."""

contact = Table(
    "contact",
    metadata,
    Column("id", _id(), primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

journey = Table(
    "journey",
    metadata,
    Column("slot", NUMBER, primary_key=True, autoincrement=False),  # in order of start
    Column("contact", _id(), nullable=False),
    Column("id", _id(), nullable=False),
    Column("pin", Integer, nullable=False),
    Column("node", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("clock", String, nullable=False),  # the contact's zone, "" the project's
    Column("plain", Boolean, nullable=False),  # no mail of it is open or held
    Column("body", LargeBinary, nullable=False),
)

pin = Table(  # the graphs that journeys were ever pinned to
    "pin",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("digest", String, nullable=False),
    Column("flow", String, nullable=False),
    Index("pin_names", "digest", "flow", unique=True),
)

timer = Table(  # the deadlines of journeys, but for those that never come
    "timer",
    metadata,
    Column("due", BigInteger, primary_key=True),
    Column("slot", NUMBER, primary_key=True),
    sqlite_with_rowid=False,
)

watch = Table(  # the moments at which time alone may change a contact
    "watch",
    metadata,
    Column("due", BigInteger, primary_key=True),
    Column("contact", _id(), primary_key=True),
    sqlite_with_rowid=False,
)

effect = Table(
    "effect",
    metadata,
    Column("key", _id(), primary_key=True),
    Column("contact", _id(), nullable=False),
    Column("made", BigInteger, nullable=False),  # the place in their order; a moment, or just behind one
    Column("body", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

IS_VIEW = text("kind IN ('page_viewed', 'product_viewed')")
"""Rows of the inbox that tell what somebody looked at."""

inbox = Table(
    "inbox",
    metadata,
    Column("seq", NUMBER, primary_key=True, autoincrement=True),
    Column("id", String),  # the sender's, which makes a repeat harmless; attributes have none
    Column("kind", String, nullable=False),  # event name, "" for attributes, "start flow" for a request
    Column("at", BigInteger, nullable=False),
    Column("received", BigInteger, nullable=False),  # 0: a flow emitted it, and it has been worked on
    Column("contact", _id()),
    Column("address", String),  # until the consent service has named the contact
    Column("data", LargeBinary, nullable=False),
    Index("inbox_id", "id", unique=True),
    Index("inbox_contact", "contact"),
    sqlite_autoincrement=True,
)

mail = Table(  # handed over to the mail server
    "mail",
    metadata,
    Column("key", _id(), primary_key=True),
    Column("contact", _id(), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", Integer, nullable=False),
    Index("mail_contact", "contact"),
    sqlite_with_rowid=False,
)

mail_kind = Table(
    "mail_kind",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("flow", String, nullable=False),
    Column("step", String, nullable=False),
    Column("template", String, nullable=False),
    Column("topic", String, nullable=False),
    Index("mail_kind_names", "flow", "step", "template", "topic", unique=True),
)

kept_mail = Table(  # bodies of mails that can be seen in the browser
    "kept_mail",
    metadata,
    Column("key", _id(), primary_key=True),
    Column("contact", _id(), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("html", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("kept_mail_at", "at"),
)

coupon = Table(  # codes that were made, for the shop to know
    "coupon",
    metadata,
    Column("code", String, primary_key=True),
    Column("coupon", String, nullable=False),
    Column("contact", _id(), nullable=False),
    Column("journey", _id(), nullable=False),
    Column("step", String, nullable=False),
    Column("made", BigInteger, nullable=False),
    Column("until", BigInteger),  # NULL: without end
    Index("coupon_made", "made"),
    sqlite_with_rowid=False,
)

listed_code = Table(  # of coupons whose codes come from a list of the project
    "listed_code",
    metadata,
    Column("code", String, primary_key=True),
    Column("coupon", String, primary_key=True),
    Column("place", Integer, nullable=False),
    Column("offered", Boolean, nullable=False),  # the list still has it
    Column("given", Boolean, nullable=False),
    Index(
        "free_code",
        "coupon",
        "place",
        sqlite_where=text("offered = 1 AND given = 0"),
        postgresql_where=text("offered AND NOT given"),
    ),
    sqlite_with_rowid=False,
)

code_list = Table(  # the lists as they were last read
    "code_list",
    metadata,
    Column("coupon", String, primary_key=True),
    Column("digest", String, nullable=False),
    sqlite_with_rowid=False,
)

drawn = Table(  # by person the first arm of a split that finds out which is best, and what came of it
    "drawn",
    metadata,
    Column("mark", _id(), primary_key=True),
    Column("contact", _id(), primary_key=True),
    Column("arm", String, nullable=False),
    Column("shares", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("counts", Boolean, nullable=False),
    Column("score", Integer, nullable=False),
    Column("worth", Float, nullable=False),
    sqlite_with_rowid=False,
)

drawn_before = Table(  # who came to such a split and whose time is long over
    "drawn_before",
    metadata,
    Column("mark", _id(), primary_key=True),
    Column("contact", _id(), primary_key=True),
    sqlite_with_rowid=False,
)

drawn_sum = Table(  # what came of all of them, by arm and shares
    "drawn_sum",
    metadata,
    Column("mark", _id(), primary_key=True),
    Column("arm", String, primary_key=True),
    Column("shares", String, primary_key=True),
    Column("until", BigInteger, nullable=False),
    Column("people", BigInteger, nullable=False),
    Column("yes", BigInteger, nullable=False),
    Column("worth", Float, nullable=False),
    Column("squares", Float, nullable=False),
    sqlite_with_rowid=False,
)

ruling = Table(  # what was found of such splits
    "ruling",
    metadata,
    Column("mark", _id(), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("flow", String, nullable=False),
    Column("step", String, nullable=False),
    Column("body", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

product = Table(  # of the shop; nothing of anybody
    "product",
    metadata,
    Column("sku", String, primary_key=True),
    Column("seen", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

journal = Table(
    "journal",
    metadata,
    Column("seq", NUMBER, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

graph = Table(
    "graph",
    metadata,
    Column("digest", String, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

note = Table(
    "note",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

version = with_version(metadata)
