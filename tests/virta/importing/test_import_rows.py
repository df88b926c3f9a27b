"""What the rows of each product's export say of people."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import exports
import pytest

from dsl.graph import FieldType
from virta.importing.columns import read_maps
from virta.importing.files import look_at, parts_of
from virta.importing.formats.products import PRODUCTS
from virta.importing.person import Person, Stood
from virta.importing.reading import Meaning, Source, people_in, source_of
from virta.importing.table import Fault
from virta.importing.values import read_latest, read_moment
from virta.settings import BrokenProject

NOW = int(datetime(2026, 11, 22, tzinfo=UTC).timestamp() * 1000)
ATTRIBUTES = {
    "first_name": FieldType("text"),
    "last_name": FieldType("text"),
    "phone": FieldType("text"),
    "cups": FieldType("number"),
    "vip": FieldType("flag"),
    "born": FieldType("date"),
    "grinds": FieldType("list", item=FieldType("text")),
    "spent": FieldType("money"),
}


def sources(product: str, *paths: Path, maps: Sequence[str] = ()) -> tuple[Meaning, list[Source]]:
    """The tables in these files, as a product's."""
    meaning = Meaning(PRODUCTS[product], read_maps(maps, ATTRIBUTES), ATTRIBUTES)
    return meaning, [source_of(look_at(part), meaning) for part in parts_of(paths)]


def people(product: str, *paths: Path, maps: Sequence[str] = ()) -> list[Person | Fault]:
    """All rows of these files."""
    meaning, found = sources(product, *paths, maps=maps)
    return [person for source in found for person in people_in(source, meaning, NOW)]


def stood(rows: Sequence[Person | Fault]) -> dict[str, Stood]:
    """Where each stood, by the part of the address before the @."""
    return {row.email.partition("@")[0]: row.stood for row in rows if isinstance(row, Person)}


def table(tmp_path: Path, text: str, *maps: str) -> list[Person | Fault]:
    """The rows of a plain table."""
    return people("csv", exports.written(tmp_path / "people.csv", text), maps=maps)


def test_mailchimp_says_in_three_tables_where_people_stand(tmp_path: Path) -> None:
    """Whoever called a mail spam is among those who unsubscribed, with that as the reason."""
    rows = people("mailchimp", exports.mailchimp(tmp_path / "audience.zip"))
    assert stood(rows) == {
        "anna": Stood.SUBSCRIBED,
        "bela": Stood.SUBSCRIBED,
        "cora": Stood.SUBSCRIBED,
        "dora": Stood.UNSUBSCRIBED,
        "eve": Stood.COMPLAINED,
        "finn": Stood.BOUNCED,
    }


def test_mailchimps_columns_become_attributes_and_evidence(tmp_path: Path) -> None:
    """What speaks of consent is kept as it stands, and no attribute; a time zone that is none stays out,
    since it is Mailchimp's own guess."""
    meaning, [source, *_] = sources("mailchimp", exports.mailchimp(tmp_path / "audience.zip"))
    anna, _, cora, _ = people_in(source, meaning, NOW)
    assert isinstance(anna, Person)
    assert anna.attributes == {
        "first_name": "Anna",
        "last_name": "Bērziņa",
        "time_zone": "Europe/Riga",
        "country": "LV",
        "tags": ["Member", "2025 tasting"],
    }
    assert anna.claimed == {
        "OPTIN_TIME": "2024-03-01 09:00:00",
        "OPTIN_IP": "192.0.2.30",
        "CONFIRM_TIME": "2024-03-01 09:05:00",
        "CONFIRM_IP": "192.0.2.31",
    }
    assert anna.confirmed_at == read_moment("2024-03-01T09:05:00Z")
    assert isinstance(cora, Person)
    assert (cora.confirmed_at, cora.attributes) == (0, {"first_name": "Cora"})
    assert source.notes.dropped == {"TIMEZONE": 1}


def test_klaviyo_tells_who_left_by_the_status_and_bounces_by_the_suppressions(tmp_path: Path) -> None:
    """A reason for suppression outweighs a consent."""
    rows = people("klaviyo", exports.written(tmp_path / "all.csv", exports.KLAVIYO))
    assert stood(rows) == {
        "anna": Stood.SUBSCRIBED,
        "bela": Stood.UNSUBSCRIBED,
        "cora": Stood.NEVER,
        "dora": Stood.BOUNCED,
        "eve": Stood.UNSUBSCRIBED,
    }
    listed = people("klaviyo", exports.written(tmp_path / "suppressed.csv", exports.KLAVIYO_SUPPRESSED))
    assert stood(listed) == {"dora": Stood.BOUNCED}


def test_brevo_tells_who_is_blocklisted_in_a_column(tmp_path: Path) -> None:
    """With semicolons, as it writes them."""
    rows = people("brevo", exports.written(tmp_path / "contacts.csv", exports.BREVO))
    assert stood(rows) == {"anna": Stood.SUBSCRIBED, "bela": Stood.UNSUBSCRIBED}
    assert isinstance(rows[0], Person)
    assert rows[0].attributes == {"first_name": "Anna", "last_name": "Bērziņa", "phone": "37120000001"}


def test_listmonks_attributes_are_columns_of_their_own(tmp_path: Path) -> None:
    """By their names, or as somebody says."""
    path = exports.written(tmp_path / "subscribers.csv", exports.LISTMONK)
    meaning, [source] = sources("listmonk", path)
    anna, bela = people_in(source, meaning, NOW)
    assert isinstance(anna, Person)
    assert isinstance(bela, Person)
    assert anna.attributes == {"first_name": "Anna", "cups": Decimal(3)}
    assert (anna.stood, bela.stood) == (Stood.SUBSCRIBED, Stood.UNSUBSCRIBED)
    [said, _] = people("listmonk", path, maps=["attributes.first_name=last_name", "attributes.cups=-"])
    assert isinstance(said, Person)
    assert said.attributes == {"last_name": "Anna"}


def test_columns_are_guessed_said_and_left_out(tmp_path: Path) -> None:
    """What is said goes before what is guessed; what nothing fits stays out."""
    text = "E-mail;FNAME;Cups per day;Shoe size\nanna@example.com;Anna;3;39\n"
    [anna] = table(tmp_path, text, "Cups per day=cups")
    assert isinstance(anna, Person)
    assert anna.attributes == {"first_name": "Anna", "cups": Decimal(3)}
    [bare] = table(tmp_path, text, "FNAME=-")
    assert isinstance(bare, Person)
    assert bare.attributes == {}


@pytest.mark.parametrize(
    ("text", "maps", "says"),
    [
        ("Name\nAnna\n", [], "has no column with addresses. Say which it is"),
        ("Email,Mail\na@example.com,b@example.com\n", [], "has more than one column with addresses"),
        (
            "Email,First name,Vārds\n",
            ["Vārds=first_name"],
            "`First name` and `Vārds` would both be `first_name`",
        ),
        (
            "Email,A\n",
            ["A=frist_name"],
            "`A` is `frist_name`, which the project's contact does not have. Did you",
        ),
        ("Email,A\n", ["A"], '--map "A" must be like'),
    ],
)
def test_a_mapping_that_cannot_be_is_told(tmp_path: Path, text: str, maps: list[str], says: str) -> None:
    """Before any row is read."""
    with pytest.raises(BrokenProject, match=says):
        sources("csv", exports.written(tmp_path / "people.csv", text), maps=maps)


def test_a_file_of_another_product_is_told_by_its_columns(tmp_path: Path) -> None:
    """And what else could be done with it."""
    with pytest.raises(BrokenProject, match="none of listmonk's exports, by its columns: CONTACT ID"):
        sources("listmonk", exports.written(tmp_path / "contacts.csv", exports.BREVO))


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        ("cups", "3", Decimal(3)),
        ("cups", "2.5", Decimal("2.5")),
        ("vip", "Yes", True),
        ("vip", "0", False),
        ("born", "1990-05-17", datetime(1990, 5, 17).date()),
        ("grinds", '"fine", coarse', ["fine", "coarse"]),
        ("first_name", "=1+1", "=1+1"),
    ],
)
def test_cells_become_values_of_the_declared_type(
    tmp_path: Path, column: str, cell: str, value: object
) -> None:
    """A formula is a text like any other."""
    quoted = cell.replace('"', '""')
    [row] = table(tmp_path, f'Email,X\nanna@example.com,"{quoted}"\n', f"X={column}")
    assert isinstance(row, Person)
    assert row.attributes == {column: value}


@pytest.mark.parametrize(
    ("column", "cell", "why"),
    [
        ("cups", "2,5", "`2,5` is no number for `cups`, which has a point and no blanks"),
        ("vip", "perhaps", "`perhaps` is neither yes nor no, which `vip` must be"),
        ("born", "17.05.1990", '`born` must be a date as "2026-12-24"'),
        ("spent", "many", "`many` is no money for `spent`, which is like `49.90 EUR`"),
        ("first_name", "An\0na", "`first_name` must be a text of at most 10000 characters, without control"),
        ("language", "Latvian!", '`language` must be a language as in "lv" or "pt-BR"'),
        ("@confirmed_at", "03/02/2026", "`03/02/2026` cannot be read as a moment in one way alone"),
        ("@confirmed_at", "2031-01-01", "nobody can have confirmed anything on 2031-01-01"),
        ("@status", "maybe", "`maybe` is no status"),
        ("@source", "a\x07b", "a cell holds characters that are no text"),
    ],
)
def test_a_cell_that_does_not_fit_is_a_fault_of_its_row(
    tmp_path: Path, column: str, cell: str, why: str
) -> None:
    """It says the file, the line, the column, why, and what to do."""
    [row] = table(tmp_path, f'Email,X\nanna@example.com,"{cell}"\n', f"X={column}")
    assert isinstance(row, Fault)
    assert (row.file, row.line) == ("people.csv", 2)
    assert row.why.startswith(why)
    assert row.do.endswith(".")


@pytest.mark.parametrize("address", ["", "anna", "anna@", "a@b@example.com", "anna@example.com\0", "a" * 300])
def test_an_address_that_is_none_is_a_fault(tmp_path: Path, address: str) -> None:
    """And what is shown of it is short and harmless."""
    [row] = table(tmp_path, f'Name,Email\nAnna,"{address}"\n')
    assert isinstance(row, Fault)
    assert row.column == "Email"
    assert len(row.why) < 100
    assert "\0" not in row.why


def test_what_somebody_says_of_the_status_goes_before_the_product(tmp_path: Path) -> None:
    """Any column may tell where people stand."""
    text = "Email,State\na@example.com,opted-out\nb@example.com,Active\nc@example.com,spam\nd@example.com,\n"
    assert stood(table(tmp_path, text, "State=@status")) == {
        "a": Stood.UNSUBSCRIBED,
        "b": Stood.SUBSCRIBED,
        "c": Stood.COMPLAINED,
        "d": Stood.NEVER,
    }


@pytest.mark.parametrize(
    ("product", "head", "rows"),
    [
        ("csv", "email,status,consent", ("anna@example.com,active,no", "bela@example.com,no,active")),
        (
            "brevo",
            "EMAIL;EMAIL_CAMPAIGNS;EMAIL_BLACKLISTED",
            ("anna@example.com;subscribed;1", "bela@example.com;unsubscribed;0"),
        ),
    ],
)
def test_of_several_columns_that_say_where_people_stand_the_least_counts(
    tmp_path: Path, product: str, head: str, rows: tuple[str, ...]
) -> None:
    """Whoever is blocklisted by one is no subscriber by another, in whichever order they stand."""
    file = exports.written(tmp_path / "people.csv", "\n".join((head, *rows)) + "\n")
    found = stood(people(product, file))
    assert set(found) == {"anna", "bela"}
    assert Stood.SUBSCRIBED not in found.values()


def test_when_somebody_left_is_read_as_late_as_it_can_mean() -> None:
    """A day is over where it ends last, and an hour without a zone may be one of there."""
    assert read_latest("2026-03-02T10:00:00Z") == read_moment("2026-03-02T10:00:00Z")
    assert read_latest("2026-03-02 10:00:00") == read_moment("2026-03-02T10:00:00-12:00")
    assert read_latest("2026-03-02") == read_moment("2026-03-03T00:00:00-12:00")
    assert read_latest("03/02/2026") is None


def test_a_faulty_row_says_whose_it_is_where_that_can_be_read(tmp_path: Path) -> None:
    """Nobody is brought by one file of whom another says something that cannot be read."""
    [first, second] = table(
        tmp_path, "email,status\nAnna@example.com,perhaps\nno address,active\n", "status=@status"
    )
    assert isinstance(first, Fault)
    assert isinstance(second, Fault)
    assert (first.address, second.address) == ("Anna@example.com", "")
