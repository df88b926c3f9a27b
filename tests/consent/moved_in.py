"""An import of rows made up, taken whole, and what became of it."""

from consent.address import read_address
from consent.contract.imports import STOPPED, Attested, Brought, Entry, Import, ImportFile, Stood
from consent.subscriber.history import history
from consent.subscriber.imported import begin, end, imports_of, take
from consent.subscriber.taken_back import brought_by, take_back, undone

ANNA, BELA, CORA = "anna@example.com", "bela@example.com", "cora@example.com"
CONFIRMED = 1_709_283_900_000
FILES = (ImportFile("subscribed.csv", "a1" * 32, "subscribed contacts"),)
SAID = Attested(
    "b2" * 32,
    "Anna Example",
    "2026-03-01",
    ("newsletter",),
    "https://old.example/form",
    "Send me news.",
    "kafija.example/consent/controller+00000000+AQ==",
)


def order(id_="0123456789ab", *, attested=None, topics=("newsletter",)):
    """An import of the newsletter's people."""
    told = tuple(stood.value for stood in STOPPED)
    return Import(id_, "mailchimp", FILES, topics, "anna at office", (), attested, told)


def row(email=ANNA, stood=Stood.SUBSCRIBED, line=2, confirmed_at=0, stopped_at=0, language="lv"):
    """A row of the file."""
    claimed = {"OPTIN_IP": "192.0.2.30"}
    return Entry(0, line, email, stood, language, confirmed_at, stopped_at, claimed)


def bring(world, *rows, what=None, first=0):
    """Begin an import, take these rows, and end it."""
    what = what or order()
    world.service.write(lambda tx: begin(tx, what, b"attestation" if what.attested else b""))
    taken = world.service.write(lambda tx: take(tx, what.id, first, rows))
    world.service.write(lambda tx: end(tx, what.id, {"never": 2}))
    return taken


def brought(world, *rows, what=None):
    """What became of the rows."""
    return [one.brought for one in bring(world, *rows, what=what)]


async def reason(world, email=ANNA, topic="newsletter"):
    """Why a marketing mail does not go; None: it does."""
    [decision] = await world.client.decide([world.ask(await world.subject(email), topic)])
    return decision.reason


def told(world, email=ANNA):
    """Everything known of somebody."""
    found = world.service.read(lambda reading: history(reading, read_address(email)))
    assert found is not None
    return found


def imports_of_all(world):
    """The ids of all imports, with their states."""
    return [(one.what.id, one.state) for one in world.service.read(imports_of)]


def take_all_back(world, id_="0123456789ab", known=()):
    """Undo an import."""
    people = world.service.read(lambda reading: brought_by(reading, id_, -1, 100))
    found = world.service.write(lambda tx: take_back(tx, id_, people, known))
    world.service.write(lambda tx: undone(tx, id_))
    return found


async def stay_erased(world):
    """She is erased, and her address suppressed."""
    await world.client.erase(await world.join(ANNA), "operator")
    return Brought.ERASED
