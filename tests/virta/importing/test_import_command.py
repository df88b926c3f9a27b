"""`virta import` as somebody who moves in meets it: what it shows, what it does, what it refuses."""

import csv
import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import exports
import pytest
from attesting import attested, keyed, public_line
from postgres_server import Running
from stall import make_stall

from consent.address import read_address
from consent.service import open_reader
from consent.subscriber.history import History, history
from engine.insight.records import open_records
from virta.command import run
from virta.database_url import consent_place, engine_place
from virta.importing import taking
from virta.keys import make_development_keys, read_consent_keys
from virta.operating.ordering import now
from virta.settings import BrokenProject, read_settings

ATTESTATION = """
controller = "Coffee stall"
by = "Anna Example, who runs the stall"
on = "2026-03-01"
topics = ["news"]
form = "https://old.example/form"
wording = "I want news from the coffee stall by e-mail."
"""
SCHEMA = '    first_name text\n    last_name text\n    cups number\n\ntopic news "News"'


@pytest.fixture
def stall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that has never been served, in whose folder somebody stands."""
    monkeypatch.setenv("STALL_API_KEY", "the stall's key")
    folder = make_stall(tmp_path / "stall")
    schema = folder / "schema.flow"
    schema.write_text(
        schema.read_text("utf-8").replace('    first_name text\n\ntopic news "News"', SCHEMA), "utf-8"
    )
    make_development_keys(folder / "dev-keys.toml", lambda count: bytes(range(count)))
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def on_server(stall: Path, postgres: Running, schema: Callable[[], str]) -> Path:
    """The same project with its stores on a server."""
    name, url = schema(), postgres.url.replace("postgres:@", "postgres@")
    with (stall / "virta.toml").open("a") as file:
        file.write(f'\n[stores]\nurl = "{url}"\nconsent_url = "{url}"\nschema = "{name}"\n')
    return stall


@pytest.fixture
def says(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Runs `virta import` and gives its exit code and all it says."""

    def say(*words: object) -> tuple[int, str]:
        code = run(["import", *map(str, words)])
        told = capsys.readouterr()
        return code, told.out + told.err

    return say


Says = Callable[..., tuple[int, str]]


def known(folder: Path, email: str) -> History | None:
    """What the consent store knows of somebody."""
    settings = read_settings(folder)
    place, keys = consent_place(folder, settings), read_consent_keys(settings, folder)
    with closing(open_reader(place, keys, clock=now)) as service:
        return service.read(lambda reading: history(reading, read_address(email)))


def states(folder: Path, *names: str) -> dict[str, list[str]]:
    """Where people stand with the news, by the part of the address before the @."""
    found = {name: known(folder, f"{name}@example.com") for name in names}
    return {
        name: [one.state for one in who.standings] if who is not None else [] for name, who in found.items()
    }


def inbox(folder: Path) -> list[dict[str, object]]:
    """The attributes that wait for the engine."""
    with open_records(engine_place(folder, read_settings(folder))) as records:
        return [item.data for item in records.events("")]


def test_a_look_shows_files_columns_and_what_would_happen_and_changes_nothing(
    stall: Path, says: Says
) -> None:
    """All that somebody must know before they say --yes."""
    code, told = says("mailchimp", exports.mailchimp(stall / "audience.zip"))
    assert code == 0
    for line in (
        "From Mailchimp, into the topic news:",
        "  audience.zip: cleaned_email_audience_export_5a1b.csv       cleaned contacts (UTF-8, comma)",
        "  Email Address  the address",
        "  First Name     first_name, guessed by its name",
        "  CONFIRM_TIME   when they confirmed (evidence)",
        "What would happen to 7 rows:",
        "  3  left the other system: they get nothing here either",
        "  3  unproven: known, and sent no marketing until they confirm",
        "  1  on the other system's lists of those who get nothing: not taken over",
        "Nothing was imported. With --yes it is done.",
    ):
        assert line in told.splitlines(), line
    assert not (stall / "data").exists()


def test_who_subscribed_to_text_messages_alone_is_no_subscriber_of_mail(stall: Path, says: Says) -> None:
    """An audience with SMS has files of its own for them; they are shown, and left out."""
    members = [
        ("subscribed_sms_audience_export_5a1b.csv", exports.SUBSCRIBED.replace("Riga", "Tallinn")),
        ("nonsubscribed_email_audience_export_5a1b.csv", exports.SUBSCRIBED),
        ("unsubscribed_email_audience_export_5a1b.csv", exports.UNSUBSCRIBED),
        ("cleaned_email_audience_export_5a1b.csv", exports.CLEANED),
    ]
    code, told = says("mailchimp", exports.zipped(stall / "audience.zip", members), "--yes")
    assert code == 0
    assert "contacts for SMS, left out" in told
    assert states(stall, "anna", "cora") == {"anna": [], "cora": []}


@pytest.mark.parametrize("where", ["stall", "on_server"])
def test_an_import_brings_people_once(where: str, request: pytest.FixtureRequest, says: Says) -> None:
    """Those who left first; the same command again changes nothing."""
    folder: Path = request.getfixturevalue(where)
    file = exports.mailchimp(folder / "audience.zip")
    code, told = says("mailchimp", file, "--yes")
    assert code == 0
    assert "What happened to 7 rows:" in told
    assert states(folder, "anna", "bela", "cora", "dora", "eve", "finn") == {
        "anna": ["unproven"],
        "bela": ["unproven"],
        "cora": ["unproven"],
        "dora": ["withdrawn"],
        "eve": [],
        "finn": [],
    }
    eve, finn = known(folder, "eve@example.com"), known(folder, "finn@example.com")
    assert eve is not None
    assert finn is not None
    assert [one.type for one in (*eve.events, *finn.events)] == ["complaint", "bounced.hard"]
    code, told = says("mailchimp", file, "--yes")
    assert code == 0
    assert "This was imported already, and nothing is left to do:" in told
    code, told = says("list")
    assert "mailchimp  audience.zip  done" in told
    assert "3 left, 3 unproven, 1 suppressed" in told


@pytest.mark.parametrize(
    ("product", "write", "says_what"),
    [
        (
            "mailchimp",
            lambda folder: exports.mailchimp(folder / "a.zip", without="cleaned"),
            "says whose mail came back, and without that nobody is imported.\n  How: Export the whole",
        ),
        (
            "mailchimp",
            lambda folder: exports.mailchimp(folder / "a.zip", without="unsubscribed"),
            "No file says who has unsubscribed and who called it spam",
        ),
        (
            "klaviyo",
            lambda folder: exports.written(folder / "a.csv", exports.KLAVIYO_WITHOUT),
            "export the list of suppressed profiles",
        ),
        (
            "listmonk",
            lambda folder: exports.written(folder / "a.csv", exports.LISTMONK),
            "The export does not say who left a list.",
        ),
        (
            "csv",
            lambda folder: exports.written(folder / "a.csv", "Email\nanna@example.com\n"),
            "No file says who has unsubscribed, whose mail came back and who called it spam",
        ),
    ],
)
def test_nobody_is_imported_without_those_who_had_left(
    stall: Path, says: Says, product: str, write: Callable[[Path], Path], says_what: str
) -> None:
    """It says which file is missing and how to get it; that there are none is said by name, and kept."""
    file = write(stall)
    code, told = says(product, file, "--yes")
    assert code == 2
    assert says_what in told
    assert not (stall / "data" / "consent.db").exists()
    none = ["--none", "unsubscribed", "--none", "bounced", "--none", "complained"]
    code, told = says(product, file, *none)
    assert code == 0
    assert "You say that nobody there has unsubscribed or bounced or complained." in told


def test_of_whom_an_import_brought_no_words_are_shown_as_agreed_to(
    stall: Path, says: Says, capsys: pytest.CaptureFixture[str]
) -> None:
    """The topic's own sentence is one that they have never read."""
    assert says("mailchimp", exports.mailchimp(stall / "audience.zip"), "--yes")[0] == 0
    assert run(["consent", "show", "anna@example.com", str(stall)]) == 0
    shown = capsys.readouterr().out
    assert "Withdrawals, objections, complaints, bounces and other stops: 0\n" in shown
    assert "evidence: " in shown
    assert "words (" not in shown


def test_files_of_those_who_left_may_come_from_anywhere(stall: Path, says: Says) -> None:
    """Each is read for its addresses alone; who is on two lists is taken from the one that stops."""
    people = exports.written(stall / "people.csv", "Email\nanna@example.com\nbela@example.com\n")
    left = exports.written(stall / "left.csv", "E-Mail;Date\nBELA@example.com;2024-05-01\n")
    none = ["--none", "bounced", "--none", "complained"]
    code, _ = says("csv", people, "--unsubscribed", left, *none, "--yes")
    assert code == 0
    assert states(stall, "anna", "bela") == {"anna": ["unproven"], "bela": ["withdrawn"]}


def test_attested_people_may_be_mailed_and_the_proof_says_on_whose_word(stall: Path, says: Says) -> None:
    """Rows without a moment of confirmation stay unproven."""
    file = exports.mailchimp(stall / "audience.zip")
    said = attested(stall, ATTESTATION, file)
    code, told = says("mailchimp", file, "--attestation", said, "--yes")
    assert code == 0
    assert "  2  attested: agreed, on your word, and marked so in every proof" in told
    assert states(stall, "anna", "cora") == {"anna": ["active (attested)"], "cora": ["unproven"]}
    anna = known(stall, "anna@example.com")
    assert anna is not None
    [leaf] = anna.events
    assert leaf.evidence is not None
    assert leaf.evidence["wording"] == "I want news from the coffee stall by e-mail."
    assert leaf.evidence["attested_by"] == "Anna Example, who runs the stall"


@pytest.mark.parametrize(
    ("change", "says_what"),
    [
        (('by = "Anna Example, who runs the stall"\n', ""), "`by` is missing"),
        (('wording = "I want news from the coffee stall by e-mail."', 'wording = " "'), "`wording` is empty"),
        (('"2026-03-01"', '"1 March 2026"'), "`1 March 2026` is no day; write one as in `2026-03-01`"),
        (('"2026-03-01"', '"8026-03-01"'), "`on` is 8026-03-01, a day that is yet to come"),
        (('controller = "', "controller = "), "is not valid TOML"),
    ],
)
def test_what_does_not_say_all_is_not_signed(
    stall: Path, capsys: pytest.CaptureFixture[str], change: tuple[str, str], says_what: str
) -> None:
    """Half a word is no word."""
    said = exports.written(stall / "attestation.toml", ATTESTATION.replace(*change))
    file, key = exports.mailchimp(stall / "a.zip"), keyed(stall)
    assert run(["consent", "attest", str(said), "mailchimp", str(file), "--key", str(key)]) == 2
    assert says_what in capsys.readouterr().err
    assert not Path("attestation.note").exists()


def altered(note: Path, old: str, new: str) -> Path:
    """The same note, but for these words."""
    assert old in note.read_text("utf-8")
    return exports.written(note.with_name("altered.note"), note.read_text("utf-8").replace(old, new))


def test_a_note_that_was_altered_or_signed_by_somebody_else_attests_nothing(
    stall: Path, says: Says, tmp_path: Path
) -> None:
    """Each time it is said why; nothing is imported."""
    file = exports.mailchimp(stall / "audience.zip")
    note = attested(stall, ATTESTATION, file)
    for said, why in (
        (altered(note, "Anna Example", "Bela Example"), "was altered after it had been signed"),
        (exports.written(tmp_path / "no.note", ATTESTATION), "This is no signed note"),
    ):
        code, told = says("mailchimp", file, "--attestation", said, "--yes")
        assert (code, why in told) == (2, True), told
    key = tmp_path / "controller.key"
    key.unlink()
    assert run(["consent", "attest", "--new-key", str(key), "--folder", str(stall)]) == 0
    other = attested(stall, ATTESTATION, file)
    code, told = says("mailchimp", file, "--attestation", other, "--yes")
    assert (code, "is signed with another key than" in told) == (2, True), told
    assert "This import would" not in told


def test_a_file_that_was_changed_or_left_out_is_not_the_one_attested(stall: Path, says: Says) -> None:
    """Who signs has these bytes before them, all of them."""
    people = exports.written(stall / "people.csv", "Email\nanna@example.com\n")
    left = exports.written(stall / "left.csv", "Email\nbela@example.com\n")
    words = ("csv", people, "--none", "bounced", "--none", "complained", "--attestation")
    none = ("--none", "bounced", "--none", "complained", "--unsubscribed", left)
    note = attested(stall, ATTESTATION, people, *none, product="csv")
    assert says(*words, note, "--unsubscribed", left)[0] == 0
    code, told = says(*words, note, "--none", "unsubscribed")
    assert (code, "left.csv was attested, and is not imported" in told) == (2, True), told
    exports.written(people, "Email\neve@example.com\n")
    code, told = says(*words, note, "--unsubscribed", left)
    assert (code, "people.csv is not among the files that were attested, or was changed" in told) == (2, True)


def test_other_topics_than_those_imported_are_not_spoken_for(stall: Path, says: Says) -> None:
    """The command says which."""
    file, schema = exports.mailchimp(stall / "a.zip"), stall / "schema.flow"
    deals = 'topic deals "Deals"\n    for marketing\n    consent "I want deals by e-mail."\n'
    schema.write_text(f"{schema.read_text('utf-8')}\n{deals}", "utf-8")
    note = attested(stall, ATTESTATION.replace('["news"]', '["deals"]'), file)
    code, told = says("mailchimp", file, "--topic", "news", "--attestation", note)
    assert (code, "speaks of `deals`, which is not imported" in told) == (2, True), told


def test_rows_that_are_read_otherwise_than_they_were_attested_are_refused(stall: Path, says: Says) -> None:
    """Before anything is begun: the same files, with a column that means something else."""
    people = exports.written(stall / "p.csv", "Email,A,B\nanna@example.com,2024-01-01,2025-01-01\n")
    none = [word for stood in ("unsubscribed", "bounced", "complained") for word in ("--none", stood)]
    note = attested(stall, ATTESTATION, people, *none, "--map", "A=@confirmed_at", product="csv")
    words = ("csv", people, *none, "--attestation", note, "--yes", "--map")
    code, told = says(*words, "B=@confirmed_at")
    assert (code, "The rows are not those that were attested" in told) == (2, True), told
    assert not (stall / "data" / "consent.db").exists()
    assert says(*words, "A=@confirmed_at")[0] == 0
    assert states(stall, "anna") == {"anna": ["active (attested)"]}


def test_a_list_of_several_parts_is_attested_whole(stall: Path, says: Says) -> None:
    """Those who left are in it, and whoever stands twice."""
    lines = [f"p{number}@example.com,subscribed,2024-01-01" for number in range(1001)]
    text = "\n".join(["Email,Status,Confirmed", *lines, lines[3], "left@example.com,unsubscribed,", ""])
    people = exports.written(stall / "p.csv", text)
    none = [word for stood in ("bounced", "complained") for word in ("--none", stood)]
    options = [*none, "--none", "unsubscribed", "--map", "Status=@status", "--map", "Confirmed=@confirmed_at"]
    note = attested(stall, ATTESTATION, people, *options, product="csv")
    code, told = says("csv", people, *options, "--attestation", note, "--yes")
    assert (code, "  1,001  attested: agreed" in told) == (0, True), told
    assert states(stall, "p1000", "left") == {"p1000": ["active (attested)"], "left": ["withdrawn"]}


def test_rows_that_cannot_be_read_are_attested_by_nobody(
    stall: Path, says: Says, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are left out on both sides, or corrected."""
    people = exports.written(
        stall / "p.csv", "Email,Confirmed\nanna@example.com,2024-01-01\nbela@example.com,soon\n"
    )
    none = [word for stood in ("unsubscribed", "bounced", "complained") for word in ("--none", stood)]
    options = [*none, "--map", "Confirmed=@confirmed_at"]
    said = exports.written(stall / "attestation.toml", ATTESTATION)
    command = ["consent", "attest", str(said), "csv", str(people), *options, "--key", str(keyed(stall))]
    assert run(command) == 2
    assert "1 of the rows cannot be read" in capsys.readouterr().err
    note = attested(stall, ATTESTATION, people, *options, "--skip-faulty", product="csv")
    words = ("csv", people, *options, "--attestation", note, "--yes", "--skip-faulty")
    assert says(*words)[0] == 0
    assert states(stall, "anna") == {"anna": ["active (attested)"]}


def test_without_a_key_of_the_controller_nobody_attests(stall: Path, says: Says) -> None:
    """The settings say whose signature counts."""
    file = exports.mailchimp(stall / "a.zip")
    note, settings = attested(stall, ATTESTATION, file), stall / "virta.toml"
    text = settings.read_text("utf-8")
    settings.write_text(
        "\n".join(line for line in text.split("\n") if "attestation_key" not in line), "utf-8"
    )
    code, told = says("mailchimp", file, "--attestation", note)
    assert (code, "The controller has no key here" in told) == (2, True), told


def test_a_key_is_never_written_over_and_is_its_owners_alone(
    stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the environment may hold it instead."""
    key = keyed(stall)
    assert key.stat().st_mode & 0o777 == 0o600
    assert run(["consent", "attest", "--new-key", str(key), "--folder", str(stall)]) == 2
    assert "is there already; a key is never written over" in capsys.readouterr().err
    said = exports.written(stall / "attestation.toml", ATTESTATION)
    command = ["consent", "attest", str(said), "mailchimp", str(exports.mailchimp(stall / "a.zip"))]
    assert run(command) == 2
    assert "VIRTA_ATTESTATION_KEY" in capsys.readouterr().err
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("VIRTA_ATTESTATION_KEY", key.read_text("utf-8"))
        assert run(command) == 0
    assert Path("attestation.note").read_text("utf-8").startswith("virta-attestation/v1\n")


def test_the_settings_may_forbid_it(stall: Path, says: Says) -> None:
    """Imports at all, or consent on anybody's word."""
    settings, file = stall / "virta.toml", exports.mailchimp(stall / "a.zip")
    text = settings.read_text("utf-8")
    settings.write_text(f'imports = "unproven"\n{text}', "utf-8")
    said = attested(stall, ATTESTATION, file)
    assert says("mailchimp", file, "--attestation", said)[0] == 2
    assert says("mailchimp", file)[0] == 0
    settings.write_text(f'imports = "never"\n{text}', "utf-8")
    code, told = says("mailchimp", file, "--yes")
    assert code == 2
    assert '`imports` in virta.toml is "never": nothing is imported into this project.' in told


def test_faulty_rows_hold_up_the_whole_import_unless_they_are_left_out(stall: Path, says: Says) -> None:
    """Each is told with its file, line and column; the file of faults is safe to open in a spreadsheet."""
    rows = ("anna@example.com,3,subscribed", "=cmd()@x,1,subscribed", "bela@example.com,x,subscribed")
    file = exports.written(stall / "people.csv", "\n".join(("Email,Cups,Status", *rows)))
    code, told = says("csv", file, "--yes")
    assert code == 1
    assert "people.csv, line 3, Email: `=cmd()@x` is no e-mail address." in told
    assert "people.csv, line 4, Cups: `x` is no number for `cups`" in told
    assert "Nothing was imported. Correct these rows, or leave them out with --skip-faulty." in told
    assert not (stall / "data" / "consent.db").exists()
    [faults] = (stall / "data" / "imports").iterdir()
    with faults.open(encoding="utf-8-sig", newline="") as opened:
        head, first, second = csv.reader(opened)
    assert head == ["file", "line", "column", "why", "what to do"]
    assert first[:3] == ["people.csv", "3", "Email"]
    assert second[:3] == ["people.csv", "4", "Cups"]
    assert faults.stat().st_mode & 0o077 == 0
    code, told = says("csv", file, "--yes", "--skip-faulty")
    assert code == 0
    assert "  2  faulty: not taken over" in told
    assert states(stall, "anna", "bela") == {"anna": ["unproven"], "bela": []}


def test_an_import_that_was_cut_short_goes_on_where_it_was(
    stall: Path, says: Says, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the store of consent and the engine's, which is the worst place: nothing is lost or doubled."""
    monkeypatch.setattr(taking, "PART", 2)
    monkeypatch.setattr("virta.importing.weighing.PART", 2)
    rows = "".join(f"p{number}@example.com,P{number},subscribed\n" for number in range(7))
    file = exports.written(stall / "people.csv", f"Email,First name,Status\n{rows}")
    whole, parts = taking._attributes, iter(range(3))

    def cut(*given: object) -> object:
        if next(parts, None) is None:
            raise BrokenProject("The power is off.")
        return whole(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(taking, "_attributes", cut)
    assert says("csv", file, "--yes") == (2, "virta: The power is off.\n")
    assert "not finished: give the same command again" in says("list")[1]
    assert len(inbox(stall)) == 6
    monkeypatch.setattr(taking, "_attributes", whole)
    code, told = says("csv", file, "--yes")
    assert code == 0
    assert "What happened to 7 rows:\n  7  unproven" in told
    assert sorted(str(one["first_name"]) for one in inbox(stall)) == [f"P{number}" for number in range(7)]
    assert set(map(tuple, states(stall, *(f"p{number}" for number in range(7))).values())) == {("unproven",)}


def test_what_is_known_of_people_goes_to_the_engine(stall: Path, says: Says) -> None:
    """In the types that the project declares, without what speaks of consent."""
    file = exports.written(stall / "subscribers.csv", exports.LISTMONK)
    assert says("listmonk", file, "--none", "unsubscribed", "--yes")[0] == 0
    [anna] = inbox(stall)
    assert anna["first_name"] == "Anna"
    assert str(anna["cups"]) == "3"
    assert anna["email_domain"] == "example.com"
    assert set(anna) == {"first_name", "cups", "email_domain"}


def test_what_is_no_fault_is_noted(stall: Path, says: Says) -> None:
    """Once, however often the files are gone through."""
    text = "Email,First name,Status\nanna@example.com,=1+1,subscribed\n"
    code, told = says("csv", exports.written(stall / "people.csv", text), "--yes")
    assert code == 0
    assert "1 value would be reckoned with in a spreadsheet" in told
    assert inbox(stall)[0]["first_name"] == "=1+1"
    code, told = says("mailchimp", exports.mailchimp(stall / "audience.zip"), "--yes")
    assert code == 0
    assert "1 value of TIMEZONE cannot be used and stays out." in told


def test_undoing_shows_first_what_it_would_do(stall: Path, says: Says) -> None:
    """Then, with --yes, whoever came by it alone is forgotten; who left stays away."""
    says("mailchimp", exports.mailchimp(stall / "audience.zip"), "--yes")
    id_ = says("list")[1].split()[0]
    code, told = says("--undo", id_)
    assert code == 0
    assert "3 people would be forgotten" in told
    assert states(stall, "anna") == {"anna": ["unproven"]}
    code, told = says("--undo", id_, "--yes")
    assert code == 0
    assert "3 people forgotten" in told
    assert states(stall, "anna", "dora") == {"anna": [], "dora": ["withdrawn"]}
    code, told = says("--undo", id_, "--yes")
    assert (code, told.strip()) == (2, f"virta: Import {id_} was undone before.")
    assert says("--undo", "nothing")[0] == 2


@pytest.mark.parametrize(
    ("words", "says_what"),
    [
        ([], "Say where the files come from"),
        (["csv"], "Name the files: virta import csv FILE…"),
        (["csv", "nowhere.csv"], "nowhere.csv cannot be read: No such file or directory."),
        (["csv", "schema.flow", "--topic", "weather"], "There is no topic `weather` for marketing"),
        (["csv", "people.csv", "people.csv"], "people.csv: the same file twice, byte for byte."),
        (["csv", "people.csv", "--map", "Colour=first_name"], "a column that no file has: colour."),
    ],
)
def test_faults_of_usage_are_told_in_plain_words(
    stall: Path, says: Says, words: list[str], says_what: str
) -> None:
    """With exit code 2."""
    exports.written(stall / "people.csv", "Email\nanna@example.com\n")
    code, told = says(*words)
    assert code == 2
    assert says_what in told


def test_programs_get_json(stall: Path, says: Says) -> None:
    """The same numbers."""
    file = exports.mailchimp(stall / "audience.zip")
    code, told = says("mailchimp", file, "--format", "json")
    assert code == 0
    looked = json.loads(told)
    assert (looked["done"], looked["record"]) == (False, None)
    assert looked["weighed"] == {
        "rows": 7,
        "counts": {"left": 3, "unproven": 3, "suppressed": 1},
        "faults": 0,
    }
    assert json.loads(says("mailchimp", file, "--format", "json", "--yes")[1])["record"]["state"] == "done"
    [listed] = json.loads(says("list", "--format", "json")[1])
    assert listed["what"]["product"] == "mailchimp"


def test_a_key_of_before_or_after_a_new_address_is_told_from_the_logs_own(
    stall: Path, says: Says, capsys: pytest.CaptureFixture[str]
) -> None:
    """The log keeps its first name when `url` changes: the preview says so, and a doctor, and `--name` makes
    the key that counts."""
    file = exports.mailchimp(stall / "audience.zip")
    assert says("mailchimp", file, "--yes")[0] == 0
    log = virta_log(stall)
    settings = stall / "virta.toml"
    settings.write_text(f'url = "https://new.example"\n{settings.read_text("utf-8")}', "utf-8")
    note = attested(stall, ATTESTATION, file)
    why = f"is a key for the log new.example/{log.partition('/')[2]}, and this one is called {log}"
    for more in ((), ("--yes",)):
        code, told = says("mailchimp", file, "--attestation", note, *more)
        assert (code, why in told, f"--name {log}" in told) == (2, True, True), told
        assert "With --yes it is done" not in told
    run(["doctor", str(stall)])
    assert why in " ".join(capsys.readouterr().out.split())
    key = stall.parent / "controller.key"
    (line,) = [each for each in settings.read_text("utf-8").splitlines() if "attestation_key" in each]
    key.unlink()
    assert run(["consent", "attest", "--new-key", str(key), "--name", log, "--folder", str(stall)]) == 0
    settings.write_text(settings.read_text("utf-8").replace(line, public_line(key)), "utf-8")
    note = attested(stall, ATTESTATION, file)
    assert says("mailchimp", file, "--attestation", note)[0] == 0
    run(["doctor", str(stall)])
    assert "and this one is called" not in capsys.readouterr().out


def virta_log(stall: Path) -> str:
    """What the log of a stall is called."""
    settings = read_settings(stall)
    with closing(
        open_reader(consent_place(stall, settings), read_consent_keys(settings, stall), clock=now)
    ) as store:
        return store.parts.origin


@pytest.mark.parametrize("name", ["two words", "a+b", "a\nb"])
def test_a_log_has_no_name_with_a_blank_or_a_plus(
    stall: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """No key is made for one."""
    assert run(["consent", "attest", "--new-key", "k.key", "--name", name, "--folder", str(stall)]) == 2
    assert "names no log" in capsys.readouterr().err
    assert not Path("k.key").exists()
