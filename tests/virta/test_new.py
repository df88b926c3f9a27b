"""`virta new`: from nothing to the first mail, without editing a file."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from fnmatch import fnmatch
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from serving import Served, eventually

from engine.mail.sandbox import Sandbox
from virta.command import run
from virta.commands.new import project_name, starter
from virta.mailbox.reader import Mail, mails

ROOT = Path(__file__).parents[2]
ANNA = "anna@example.com"


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A project that has just been made."""
    folder = tmp_path / "my-shop"
    assert run(["new", str(folder)]) == 0
    capsys.readouterr()
    return folder


def test_it_says_what_to_do_next(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Four commands that can be copied as they stand, whatever the folder's name."""
    folder = tmp_path / "Anna's shop"
    assert run(["new", str(folder)]) == 0
    place = str(folder).replace("'", "'\"'\"'")
    told = capsys.readouterr().out.splitlines()
    assert told[1:] == [
        f"  virta check '{place}'",
        f"  virta test '{place}'",
        f"  virta serve '{place}' --mailbox",
        f"  virta mailbox '{place}' --show text",
    ]
    assert "http://127.0.0.1:8025/signup" in told[0]


@pytest.mark.parametrize("name", ["my-shop", "Anna's shop", 'a "quoted" \\ {name}', "kafejnīca №1", "---"])
def test_there_is_nothing_to_mend(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """Neither an error nor a warning, whatever the folder is called."""
    folder = tmp_path / name
    assert run(["new", str(folder)]) == 0
    capsys.readouterr()
    assert run(["check", str(folder)]) == 0
    assert capsys.readouterr().out == "Nothing to mend. Flows: 1, templates: 2.\n"


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("my-shop", "My shop"),
        ("Anna's_shop", "Anna's shop"),
        ("kafejnīca", "Kafejnīca"),
        ('a "b" {c} \n d', "A b c d"),
        ("...", "My project"),
        ("x" * 100, "X" + "x" * 59),
        ("हिन्दी-दुकान", "हिन्दी दुकान"),
        ("cafe\u0301", "Café"),
        ("ßpecial", "ßpecial"),
        ("caf\udce9 bar", "Caf bar"),
    ],
)
def test_the_folders_name_becomes_the_projects(folder: str, name: str) -> None:
    """With nothing in it that could break a file or a header."""
    assert project_name(Path("/somewhere") / folder) == name


def test_nothing_of_the_pattern_stays(project: Path) -> None:
    """Every file speaks of the new project."""
    texts = [path.read_text("utf-8") for path in project.rglob("*") if path.is_file()]
    assert len(texts) >= 9
    assert not any("PROJECT NAME" in text for text in texts)
    assert 'name = "My shop"' in (project / "virta.toml").read_text("utf-8")


def test_keys_are_its_own_and_stay_out_of_version_control(tmp_path: Path, project: Path) -> None:
    """Readable for their owner alone; two projects share none; git is told to pass them over."""
    assert run(["new", str(tmp_path / "other")]) == 0
    ours, theirs = ((folder / "dev-keys.toml") for folder in (project, tmp_path / "other"))
    assert ours.stat().st_mode & 0o077 == 0
    keys = [set(re.findall('"(.+)"', file.read_text("utf-8"))) for file in (ours, theirs)]
    assert len(keys[0]) == len(keys[1]) == 6
    assert not keys[0] & keys[1]
    git = shutil.which("git")
    assert git is not None
    subprocess.run([git, "init", "--quiet", str(project)], check=True)
    shown = subprocess.run(
        [git, "-C", str(project), "status", "--porcelain", "-uall"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert "virta.toml" in shown.stdout
    assert "dev-keys.toml" not in shown.stdout


def command(*words: str, before: str = "") -> subprocess.CompletedProcess[bytes]:
    """The command line in a process of its own, with a strict standard output."""
    program = f"{before}\nfrom virta.command import main\nmain()"
    environment = os.environ | {"PYTHONIOENCODING": "utf-8:strict"}
    return subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, env=environment, check=False
    )


@pytest.mark.parametrize("there", [False, True])
def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path, there: bool) -> None:
    """It is told in a line, and the same command does it once there is room."""
    folder = tmp_path / "my-shop"
    if there:
        folder.mkdir()
    limited = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))"
    refused = command("new", str(folder), before=limited)
    assert refused.returncode == 2
    assert refused.stderr.decode() == f"virta: {folder} cannot be written: File too large.\n"
    assert list(folder.iterdir()) == []
    assert command("new", str(folder)).returncode == 0
    assert (folder / "virta.toml").is_file()
    assert not list(folder.glob(".new-*"))


def test_a_folder_whose_name_is_no_text_is_named_by_its_bytes(tmp_path: Path) -> None:
    """As a shell takes them."""
    folder = tmp_path / "caf\udce9"
    made = command("new", str(folder))
    assert (made.returncode, made.stderr) == (0, b"")
    assert f"  virta check '{folder}'\n".encode("utf-8", "surrogateescape") in made.stdout


def test_an_empty_folder_is_taken_and_a_full_one_is_not(
    tmp_path: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing that is there is ever written over."""
    (tmp_path / "empty").mkdir()
    assert run(["new", str(tmp_path / "empty")]) == 0
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    assert run(["new", str(project)]) == 2
    assert "is not empty: it holds .gitignore. Name a folder" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before
    assert run(["new", str(project / "virta.toml")]) == 2
    assert "is a file; name a folder" in capsys.readouterr().err
    assert run(["new", str(project / "virta.toml" / "inside")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_all_of_it_is_in_an_installed_virta() -> None:
    """The wheel takes the whole package but what `.gitignore` names: no file of the pattern is among that."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert "virta" in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    passed_over = (ROOT / ".gitignore").read_text("utf-8").split()
    files = [path for path in (ROOT / "virta" / "starter").rglob("*") if path.is_file()]
    assert len(files) == len(list(starter("x"))) == 10
    for path in files:
        named = [*path.relative_to(ROOT).parts, *(f"{part}/" for part in path.relative_to(ROOT).parts)]
        assert not any(fnmatch(part, pattern) for part in named for pattern in passed_over)


# ------------------------------------------------------------------ all the way


@pytest.fixture
def served(project: Path, free_tcp_port: int) -> Iterator[Served]:
    """The project as it was made, but for the port of its mailbox: several tests may run at once."""
    settings = project / "virta.toml"
    settings.write_text(
        settings.read_text("utf-8").replace("127.0.0.1:2525", f"127.0.0.1:{free_tcp_port}"), "utf-8"
    )
    with Served(project, "--mailbox") as running:
        yield running


def arrived(project: Path, subject: str, to: str = ANNA) -> Mail:
    box = project / "stores" / "mailbox"
    return eventually(
        lambda: next((mail for mail in mails(box) if mail.subject == subject and to in mail.recipients), None)
    )


def welcomed(http: httpx2.Client, project: Path, email: str) -> Mail:
    """Sign up and confirm, as the form and the mail say; the welcome that comes."""
    page = http.get("/signup").text
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
    assert http.post("/signup", data=hidden | {"email": email, "topic": "news"}).status_code == 200
    asked = arrived(project, "Please confirm your sign-up", email).parsed().get_body(("plain",)).get_content()
    link = re.search(r"\S+/c/\S+", asked)
    assert link is not None
    assert http.post(urlsplit(link[0]).path).status_code == 200
    return arrived(project, "Welcome, friend", email)


def words_of(page: str) -> str:
    """What somebody reads on a page."""
    return unescape(re.sub(r"<[^>]+>", "", page))


def test_from_nothing_to_the_first_mail(
    project: Path, served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    """The form, the proof mail, the button, the welcome: by what `virta new` wrote and nothing else. The next
    one has other words, once what the first says was done."""
    with httpx2.Client(base_url=served.url) as http:
        page = http.get("/signup").text
        assert "I would like news and tips from My shop by e-mail, at most four a month." in words_of(page)
        welcome = welcomed(http, project, ANNA)
        assert welcome.header("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
        assert run(["mailbox", str(project), "--show", "text"]) == 0
        shown = capsys.readouterr().out
        assert "Good to have you here." in shown
        assert "My shop" in shown
        assert "Change them, save, and run virta apply" in " ".join(shown.split())
        template = project / "templates" / "welcome.html"
        template.write_text(template.read_text("utf-8").replace("Good to have", "How good to have"), "utf-8")
        assert run(["apply", str(project), "--yes"]) == 0
        words = welcomed(http, project, "bela@example.com").parsed().get_body(("plain",)).get_content()
        assert "How good to have you here." in words
    assert served.stop() == 0
    assert served.plain() == []


def test_a_second_language_needs_one_word(project: Path, free_tcp_port: int) -> None:
    """`languages` gets "lv", and the form speaks it."""
    settings = project / "virta.toml"
    text = (
        settings.read_text("utf-8").replace('["en"] ', '["en", "lv"]').replace(":2525", f":{free_tcp_port}")
    )
    settings.write_text(text, "utf-8")
    with Served(project, "--mailbox") as served, httpx2.Client(base_url=served.url) as http:
        page = http.get("/signup", params={"language": "lv"}).text
        assert "Vēlos saņemt sūtītāja „My shop” jaunumus un padomus e-pastā" in words_of(page)


def test_help_says_it_first() -> None:
    """Whoever asks what there is finds how to begin."""
    done = subprocess.run(
        [sys.executable, "-c", "from virta.command import main; main()", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert " new " in done.stdout


def test_the_clock_can_begin_where_a_simulation_ended(project: Path, free_tcp_port: int) -> None:
    """Mails carry the time that was asked for, in the project's time zone."""
    settings = project / "virta.toml"
    settings.write_text(settings.read_text("utf-8").replace(":2525", f":{free_tcp_port}"), "utf-8")
    with (
        Served(project, "--mailbox", "--now", "2026-04-07T08:00") as served,
        httpx2.Client(base_url=served.url) as http,
    ):
        hidden = dict(
            re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', http.get("/signup").text)
        )
        assert http.post("/signup", data=hidden | {"email": ANNA, "topic": "news"}).status_code == 200
        asked = arrived(project, "Please confirm your sign-up")
        written = parsedate_to_datetime(asked.header("Date"))
        begun = datetime(2026, 4, 7, 5)  # in UTC; a header of -0000 has no zone
        assert begun <= written < begun + timedelta(hours=1)


def test_only_in_development_is_the_clock_another(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody's consent is decided by a made time in earnest."""
    settings = project / "virta.toml"
    settings.write_text(settings.read_text("utf-8").replace('"development"', '"staging"'), "utf-8")
    assert run(["serve", str(project), "--now", "2026-04-07T08:00", "--port", "0"]) == 2
    assert "--now is for trying things out" in capsys.readouterr().err


def test_a_mail_for_service_has_a_foot_that_is_true(project: Path) -> None:
    """The starter's layout has both links and speaks of agreement in marketing mails, and there alone."""
    mail = '{% extends "_layout.html" %}{% block body %}Sent!{% endblock %}'
    layout = (project / "templates" / "_layout.html").read_text("utf-8")
    sandbox = Sandbox({"_layout.html": layout, "mail.html": mail}, "en", escape=True)
    sender = {"name": "My shop", "imprint": "Example Square 1"}
    service, news = (
        sandbox.get_template("mail.html").render(sender=sender, links=links, language="en")
        for links in (
            {"unsubscribe": "", "preferences": ""},
            {"unsubscribe": "https://shop.example/u/1", "preferences": "https://shop.example/p/1"},
        )
    )
    for each in (service, news):
        assert "Sent!" in each
        assert "Example Square 1" in each
        assert 'href=""' not in each
    assert "you confirmed" not in service
    assert "It is not advertising." in service
    assert "you confirmed" in news
    assert "https://shop.example/u/1" in news
    assert "It is not advertising." not in news
