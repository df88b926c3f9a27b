"""`virta.toml`: what is wrong is said in plain words, with the key and what it takes."""

import re
from pathlib import Path

import pytest
from stall import make_stall

from dsl.graph import TopicType
from dsl.read.spoken import spoken
from virta.command import run
from virta.project.folder import load_project
from virta.project.wording import read_wording
from virta.settings import BrokenProject, read_settings, secret


@pytest.fixture
def stall(tmp_path: Path) -> Path:
    return make_stall(tmp_path / "stall", "smtp://127.0.0.1:2525")


def change(folder: Path, old: str, new: str) -> None:
    path = folder / "virta.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def fault(folder: Path) -> str:
    """The message without the path that it begins with. None speaks of the program's own types."""
    with pytest.raises(BrokenProject) as caught:
        read_settings(folder)
    told = str(caught.value)
    assert told.startswith(f"{folder / 'virta.toml'}")
    told = told.removeprefix(f"{folder / 'virta.toml'}").removeprefix(": ")
    assert not re.search(r"\$|\b(str|int|float|bool|array|[Oo]bject|Expected)\b", told)
    return told


def test_what_is_left_out_has_its_default(stall: Path) -> None:
    """A small file is enough."""
    settings = read_settings(stall)
    assert (settings.environment, settings.languages, settings.time_zone) == ("development", ("en",), "UTC")
    assert (settings.smtp.connections, settings.smtp.per_second, settings.stores.folder) == (4, 0, "data")


def test_a_key_that_names_no_scopes_stops_no_mail(stall: Path) -> None:
    """`returns` is asked for by name, and so is `journeys`."""
    assert read_settings(stall).api[0].scopes == ("events", "contacts", "signups")


NAME = 'name = "Coffee stall"\n\n[sender]'
TOP = {
    "languages = 'en'": "`languages` must be a list in square brackets; it is a text in quotes.",
    "languages = ['en', 3]": "`languages` (number 2) must be a text in quotes; it is a whole number.",
    "languages = []": '`languages` is empty; write at least one, as in `["en"]`.',
    "languages = ['english']": "`english` under `languages` is no language",
    "environment = 'prod'": (
        "`environment` must be one of `development`, `staging`, `production`; it is `prod`."
    ),
    "time_zone = 'Riga'": "`Riga` is no time zone; write one as in `Europe/Riga`.",
    "time_zone = 2": "`time_zone` must be a text in quotes; it is a whole number.",
    "currency = 'euro'": "`euro` is no currency; write its three letters, as in `EUR`.",
    "url = 'mail.stall.example'": (
        "`url` must be a whole URL, as in `https://mail.kafija.example`; it is `mail.stall.example`."
    ),
    "url = 'https://'": "`url` must be a whole URL, as in `https://mail.kafija.example`; it is `https://`.",
    "url = 'https://shop.example/mail'": (
        "`url` must end with its host or port, as in `https://mail.kafija.example`: the pages stand at the "
        "root of a host of their own; it is `https://shop.example/mail`."
    ),
    "url = 'https://shop.example/?a'": "`url` must end with its host or port",
    "url = 'https://anna@shop.example'": "`url` must end with its host or port",
    "timezone = 'UTC'": "there is no setting `timezone`. Did you mean `time_zone`?",
    "team = ['nobody']": "`nobody` under `team` is no e-mail address.",
    "smtp = 3": "Cannot overwrite a value",
    "stores = 'data'": "`stores` must be a table, [stores]; it is a text in quotes.",
    "stores = {folder = ''}": "`stores.folder` is empty.",
    "stores = {url = 'mysql://db.example/virta', schema = 'kafija'}": (
        "`stores.url` must be like postgresql://USER@HOST/DATABASE; leave it out to keep the data in a file."
    ),
    "stores = {url = 'postgresql://virta:secret@db.example/virta', schema = 'kafija'}": (
        "`stores.url` must not hold a password; `stores.password` is for it."
    ),
    "stores = {consent_url = 'postgresql://virta@db.example/virta?password=x', schema = 'kafija'}": (
        "`stores.consent_url` must not hold a password; `stores.consent_password` is for it."
    ),
    "stores = {consent_url = 'postgresql://virta@db.example/virta', schema = 'Kafija!'}": (
        "`stores.consent_url` needs `stores.schema` beside it: a name of small letters, digits and `_` that "
        "no other project in the same database has."
    ),
    "stores = {url = 'postgresql://virta@db.example/virta', schema = 'kafija'}": (
        "`stores.url` needs `stores.consent_url` beside it; both may lead to the same database."
    ),
    "stores = {mails_days = 0}": "`stores.mails_days` must be from 1 to 3650.",
    "stores = {events_months = 0}": "`stores.events_months` must be from 1 to 120.",
    "stores = {journal_months = 121}": "`stores.journal_months` must be from 1 to 120.",
    "stores = {mails_days = 3651}": "`stores.mails_days` must be from 1 to 3650.",
    "keys = {colour = 'red'}": (
        "there is no setting `colour` under [keys]. There are `file`, `log_signing`, `master`, `pepper`, "
        "`link`, `journey`, `hold`, `signer`."
    ),
    "purposes.tracking = {title = 'A', consent = 'B'}": (
        "there is no purpose `tracking`; there are `personalisation` and `measurement`."
    ),
    "purposes.measurement = {title = 'A', consent = ' '}": (
        "`purposes.measurement` needs a `title` and, in `consent`, the sentence beside its box."
    ),
    "purposes.measurement = {title = 'A'}": "`consent` is missing in one of the tables under [purposes].",
    "x = ": "Invalid value",
}


@pytest.mark.parametrize("line", TOP)
def test_a_fault_at_the_top(stall: Path, line: str) -> None:
    """Which key, what is expected, and what is there."""
    if line.startswith("keys"):
        change(stall, '[keys]\nfile = "dev-keys.toml"\n', "")
    change(stall, NAME, NAME.replace("\n\n", f"\n{line}\n\n"))
    assert TOP[line] in fault(stall)


INNER = {
    ('address = "hello@stall.example"', ""): "`address` is missing under [sender].",
    ('address = "hello@stall.example"', "address = 1"): (
        "`sender.address` must be a text in quotes; it is a whole number."
    ),
    ('address = "hello@stall.example"', 'address = "hello"'): (
        "`sender.address` must be an e-mail address; it is `hello`."
    ),
    ("[controller]", 'color = "green"\n\n[controller]'): "`sender.color` must be a colour as in `#14593f`",
    ("[controller]", 'color = "#ffcc00"\n\n[controller]'): "white words on `#ffcc00` have a contrast of 1.5",
    ("hello@stall.example", "hello@kāfija.example"): "`sender.address` must be in ASCII",
    ('name = "Coffee stall"\naddress', 'name = "Coffee\\nBcc: x"\naddress'): (
        "`sender.name` must be a name in one line."
    ),
    ('imprint = "Coffee stall, Example Square 1, Riga"', 'imprint = " "'): (
        "`sender.imprint` is empty; law asks for it in every marketing mail."
    ),
    (
        "2525",
        "0",
    ): "`smtp.url` must be like smtp://HOST:PORT, smtps://HOST:PORT or smtp+starttls://HOST:PORT.",
    ("2525", "99999"): "`smtp.url` must be like smtp://HOST:PORT",
    ("smtp://", "http://"): "`smtp.url` must be like smtp://HOST:PORT",
    ("smtp://", "smtp://me:secret@"): "`smtp.url` must not hold a name or a password",
    ("[keys]", "[smtp.more]\n[keys]"): "there is no setting `more` under [smtp]. There are `url`, `user`",
    ('2525"\n', '2525"\nconnections = 2.5\n'): (
        "`smtp.connections` must be a whole number; it is a decimal number."
    ),
    ('2525"\n', '2525"\nconnections = 0\n'): "`smtp.connections` must be at least 1.",
    ('2525"\n', '2525"\nconnections = true\n'): (
        "`smtp.connections` must be a whole number; it is true or false."
    ),
    ('2525"\n', '2525"\ntimeout = "30 s"\n'): "`smtp.timeout` must be a number; it is a text in quotes.",
    ('2525"\n', '2525"\nper_second = -1\n'): "`smtp.per_second` must not be negative",
    ('2525"\n', '2525"\ntimeout = 0\n'): "must be more than 0 seconds.",
    ('2525"\n', '2525"\nuser = "me"\n'): "`smtp.user` and `smtp.password` go together; one of them is empty.",
    ("[[api]]", "[api]"): "`api` must be a list of tables, [[api]] in two pairs of brackets; it is a table.",
    ('key = "env:STALL_API_KEY"', 'key = ""'): "an API key is empty; write",
    ('key = "env:STALL_API_KEY"', "key = 7"): (
        "`api.key` (number 1) must be a text in quotes; it is a whole number."
    ),
    ('key = "env:STALL_API_KEY"', 'key = "x"\nscope = []'): (
        "there is no setting `scope` under [[api]] (number 1). Did you mean `scopes`?"
    ),
    ('key = "env:STALL_API_KEY"', 'key = "x"\nscopes = ["evnts"]'): (
        "`api.scopes` (number 1) must be one of `events`, `contacts`, `signups`, `returns`, `journeys`, "
        "`merges`, `metrics`; it is `evnts`."
    ),
}


@pytest.mark.parametrize("edit", INNER)
def test_a_fault_under_a_heading(stall: Path, edit: tuple[str, str]) -> None:
    """The same, with the heading; places in lists count from 1."""
    change(stall, *edit)
    assert INNER[edit] in fault(stall)


LITERAL = {
    "`smtp.password`": ('2525"\n', '2525"\nuser = "me"\npassword = "opensesame"\n'),
    "`keys.master`": ("[keys]\n", '[keys]\nmaster = "opensesame"\n'),
    "`api.key` (number 1)": ('key = "env:STALL_API_KEY"', 'key = "opensesame"'),
}


@pytest.mark.parametrize("key", LITERAL)
@pytest.mark.parametrize("environment", ["staging", "production"])
def test_a_secret_in_the_file_is_for_development_only(stall: Path, key: str, environment: str) -> None:
    """It is told how to write it, and not shown."""
    change(stall, *LITERAL[key])
    read_settings(stall)
    change(
        stall, NAME, NAME.replace("\n\n", f'\nenvironment = "{environment}"\nurl = "https://x.example"\n\n')
    )
    told = fault(stall)
    assert told == (
        f"{key} holds a secret itself, which only a project in development may; write `env:NAME` and set "
        "that environment variable."
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "mail.stall.example", "10.0.0.7"])
def test_a_password_goes_in_the_clear_within_this_machine_only(stall: Path, host: str) -> None:
    """Any other server needs TLS."""
    change(stall, '2525"\n', '2525"\nuser = "me"\npassword = "env:PASSWORD"\n')
    change(stall, "smtp://127.0.0.1", f"smtp://{host}")
    if host in ("127.0.0.1", "localhost", "[::1]"):
        assert read_settings(stall).smtp.user == "me"
        return
    assert "write `smtps://` or `smtp+starttls://`." in fault(stall)
    for scheme in ("smtps", "smtp+starttls"):
        path = stall / "virta.toml"
        path.write_text(re.sub(r"smtp[a-z+]*://", f"{scheme}://", path.read_text("utf-8")), "utf-8")
        assert read_settings(stall).smtp.user == "me"


def test_links_of_production_are_https(stall: Path) -> None:
    """Mail programs follow no other link to unsubscribe with one click."""
    change(stall, NAME, NAME.replace("\n\n", '\nenvironment = "production"\nurl = "http://x.example"\n\n'))
    assert fault(stall) == (
        "`url` must begin with `https://` in production: links in mails do; it is `http://x.example`."
    )
    change(stall, "http://x.example", "https://x.example")
    change(stall, "[sender]", "[privacy]\nrecipients = []\n\n[sender]")
    assert read_settings(stall).url == "https://x.example"


def test_production_says_who_else_gets_the_data(stall: Path) -> None:
    """Whoever signs up is told; that nobody gets it is an answer too, and no answer is none."""
    change(stall, NAME, 'name = "x"\nenvironment = "production"\nurl = "https://x.example"\n\n[sender]')
    assert "`recipients = [" in fault(stall)
    assert "`privacy.recipients` is missing" in fault(stall)
    change(stall, "[sender]", '[privacy]\nrecipients = [" "]\n\n[sender]')
    assert "a name that is empty" in fault(stall)
    change(stall, '[" "]', "[]")
    assert read_settings(stall).privacy.recipients == ()


def test_own_words_of_the_notice_are_in_every_language(stall: Path) -> None:
    """Nobody reads one thing in one language and another in the next."""
    change(stall, NAME, 'name = "x"\nlanguages = ["en", "lv"]\n\n[privacy.rights]\nen = "All."\n\n[sender]')
    assert fault(stall) == "`privacy.rights` has no words in `lv`; write them in all `languages`."
    change(stall, 'en = "All."', 'en = "All."\nlv = "Visas."\nfi = "Kaikki."')
    assert fault(stall) == "`privacy.rights` has words in `fi`, which is not among the `languages`."
    change(stall, '\nfi = "Kaikki."', "")
    assert read_settings(stall).privacy.rights["lv"] == "Visas."


@pytest.mark.parametrize("content", [b"\xff\xfe", b"\0"])
def test_a_file_that_is_no_text(stall: Path, content: bytes) -> None:
    """One line, whatever the bytes."""
    (stall / "virta.toml").write_bytes(content)
    told = fault(stall)
    assert "\n" not in told
    assert "UTF-8" in told or "TOML" in told


def test_there_is_no_project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every command that wants a project says how to name one; exit code 2."""
    for words in (["check"], ["graph"], ["serve"], ["mailbox"], ["consent", "keys"]):
        assert run([*words, str(tmp_path)]) == 2
        assert capsys.readouterr().err == (
            f"virta: There is no virta.toml in {tmp_path}. Name the project's folder, or change to it.\n"
        )


def test_a_secret_stands_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """`env:NAME` is looked up; a variable that is not set, or blank, is named."""
    monkeypatch.setenv("STALL_API_KEY", " abc\n")
    assert secret("env:STALL_API_KEY") == "abc"
    assert secret("abc") == "abc"
    for value in (None, "", "  "):
        if value is None:
            monkeypatch.delenv("STALL_API_KEY")
        else:
            monkeypatch.setenv("STALL_API_KEY", value)
        with pytest.raises(BrokenProject, match="variable STALL_API_KEY, which virta"):
            secret("env:STALL_API_KEY")


def test_words_of_another_language_say_their_faults_too(
    stall: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is named, and what it should hold."""
    monkeypatch.setenv("STALL_API_KEY", "x")
    change(stall, NAME, NAME.replace("\n\n", "\nlanguages = ['en', 'lv']\n\n"))
    (stall / "words").mkdir()
    (stall / "words" / "lv.toml").write_text("[news]\ntitle = 3\n", "utf-8")
    assert run(["serve", str(stall), "--port", "0"]) == 2
    assert capsys.readouterr().err == (
        f"virta: {stall / 'words' / 'lv.toml'}: `title` must be a text in quotes; it is a whole number.\n"
    )


def test_a_byte_order_mark_is_no_fault(stall: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Editors on Windows write one, in `virta.toml` and in the words of a language, as in flows."""
    monkeypatch.setenv("STALL_API_KEY", "x")
    change(stall, NAME, NAME.replace("\n\n", "\nlanguages = ['en', 'lv']\n\n"))
    plain = read_settings(stall)
    (stall / "words").mkdir()
    words = stall / "words" / "lv.toml"
    words.write_text('[news]\ntitle = "Jaunumi"\n', "utf-8")
    found = load_project(stall)[1].findings
    for path in (stall / "virta.toml", words, *(stall / "flows").glob("*.flow")):
        path.write_text(path.read_text("utf-8"), "utf-8-sig")
    assert read_settings(stall) == plain
    assert load_project(stall)[1].findings == found
    topics = (TopicType("news", "News", "marketing", "consent", "I want news."),)
    assert read_wording(stall, ("en", "lv"), topics, {})["news"].title["lv"] == "Jaunumi"
    assert spoken(words.read_bytes()) == {"news": frozenset({"title"})}
