"""The studio's pages over the stores of a project that was replayed."""

import html
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import httpx2
import msgspec
import pytest
from played import ACTS, play
from serving import Served
from stall import make_stall
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from consent.contract import Links
from dsl.graph import Split
from engine.core.trial import ArmEvidence, Ruling, trial_of
from engine.insight.words import reason_label
from virta.command import run
from virta.keys import make_development_keys, read_keys
from virta.mailbox.store import Store
from virta.project import load_sound_project
from virta.studio import open_studio
from virta.wiring import marks_of, wall_clock
from web.headers import SecurityHeaders

TRIAL = """
flow tried "Tried"
    topic news
    start on cart_updated
    goal order_placed within 5 days

    split which
        50% now
            wait 1 hour
        50% later
            wait 1 day
        keep winner by order_placed after 1000 contacts
"""
PAGES = ["/", "/flows", "/flows/welcome", "/mails", "/people", "/people?address=anna@example.com", "/log"]


def opened(folder: Path) -> Iterator[TestClient]:
    settings, compiled = load_sound_project(folder)
    with open_studio(folder, settings, compiled, read_keys(settings, folder), wall_clock) as pages:
        app = SecurityHeaders(Starlette(routes=[Mount("/studio", pages)]))
        with TestClient(app, base_url="http://127.0.0.1:8025/studio", client=("127.0.0.1", 40000)) as client:
            yield client


@pytest.fixture(scope="module")
def stall(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return play(tmp_path_factory.mktemp("studio") / "stall")


@pytest.fixture(scope="module")
def studio(stall: Path) -> Iterator[TestClient]:
    yield from opened(stall)


def words(page: str) -> str:
    """What is read on a page, blanks evened out."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


class Tags(HTMLParser):
    """The elements of a page, with what they say of themselves."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("path", PAGES)
def test_every_page_stands_by_itself(path: str, studio: TestClient) -> None:
    """No script, no style of its own, nothing of another site; a title, one heading, labelled fields; and the
    policy says so too."""
    answer = studio.get(path)
    assert answer.status_code == 200
    assert "script-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    tags = Tags(answer.text).found
    names = [tag for tag, _ in tags]
    assert "script" not in names
    assert "style" not in names
    assert not [
        attrs for _, attrs in tags if "style" in attrs or any(name.startswith("on") for name in attrs)
    ]
    assert names.count("h1") == 1
    for tag, attrs in tags:
        if tag in ("img", "iframe", "link") and "href" not in attrs:
            assert str(attrs.get("src")).startswith("/studio/")
        if tag == "input":
            assert f'for="{attrs["id"]}"' in answer.text


def test_the_overview_is_the_table_of_simulate(
    studio: TestClient, stall: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same figures, flow by flow."""
    other = make_stall(tmp_path / "stall")
    shutil.copy(stall / "dev-keys.toml", other)
    acts = tmp_path / "acts.jsonl"
    acts.write_text("\n".join(ACTS) + "\n", "utf-8")
    capsys.readouterr()
    told = ["simulate", str(other), "--visitors", str(acts), "--days-after", "1", "--format", "json"]
    assert run(told) == 0
    rows = {row["flow"]: row for row in json.loads(capsys.readouterr().out)["flows"]}
    page = studio.get("/").text
    assert words(page).count("All flows") == 1
    page = page.partition("<tfoot>")[0]
    shown = {}
    for row in re.findall(r"<tr>\s*<th scope=\"row\">.*?</tr>", page, re.DOTALL):
        cells = [words(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
        shown[cells[0].split()[-1]] = cells[1:]
    assert list(shown) == list(rows)

    def counts(of: dict[str, int]) -> str:
        return " ".join(f"{n} {reason_label(name)}" for name, n in of.items()) or "–"

    for flow, row in rows.items():
        goal = "–" if row["goal"] is None else str(row["goal"])
        money = " ".join(f"{amount} {currency}" for currency, amount in row["revenue"].items()) or "–"
        assert row["unknown"] == 0  # a column of noughts is left out
        numbers = [str(row[name]) for name in ("finished", "under_way")]
        expected = [str(row["entered"]), str(row["not_reachable"]), str(row["mails"])]
        expected += [counts(row["skipped"]), counts(row["left"]), *numbers]
        assert shown[flow][:7] == expected
        assert shown[flow][7].split(" ")[0] == goal
        assert shown[flow][8] == money
    assert rows["welcome"]["revenue"] == {"EUR": "4.50"}


def test_a_flow_is_drawn_with_the_people_on_its_steps(studio: TestClient) -> None:
    """Three were mailed; Carl stands at the wait, one click away; the text stands beside it."""
    page = studio.get("/flows/welcome").text
    assert "<svg" in page
    assert "3 mailed" in words(page)
    assert "<b>wait</b> for order_placed up to 3 days" in page
    (step,) = re.findall(
        r'<a href="/studio(/flows/welcome/steps/[^"]+)" aria-label="wait[^"]*1 here now', page
    )
    people = studio.get(step).text
    assert "1 journey of 1 person waits here now" in words(people)
    assert "/studio/people?address=carl%40example.com" in people
    assert "anna" not in people


def test_a_flow_leads_to_the_newest_of_its_mails_and_to_its_drawing(studio: TestClient) -> None:
    """Each mail by its subject; the drawing alone brings its own colours and nothing else."""
    page = studio.get("/flows/welcome").text
    (mail,) = re.findall(r'<a href="/studio(/mails/\d+)">hello</a><span>[^<]*Welcome', page)
    assert "Hello" in words(studio.get(f"{mail}?show=text").text)
    drawing = studio.get("/flows/welcome/drawing.svg")
    assert drawing.headers["content-type"].startswith("image/svg+xml")
    assert drawing.headers["content-security-policy"].startswith("default-src 'none'")
    assert studio.get("/flows/nothing/drawing.svg").status_code == 404


def test_a_flow_tells_what_its_splits_have_found(stall: Path, tmp_path: Path) -> None:
    """The newest of each split, and nothing of one that is not there any more."""
    folder = tmp_path / "stall"
    shutil.copytree(stall, folder)
    (folder / "flows" / "trial.flow").write_text(TRIAL, "utf-8")
    _, compiled = load_sound_project(folder)
    flow = next(flow for flow in compiled.program.flows if flow.flow == "tried")
    split = next(node for node in flow.nodes if isinstance(node, Split))
    trial = trial_of(flow, split, "")
    assert trial is not None
    seen = (ArmEvidence("now", 2100, 0.041), ArmEvidence("later", 2000, 0.083))
    shares = {"now": Decimal(0), "later": Decimal(100)}
    with closing(sqlite3.connect(next(folder.rglob("engine.db")))) as store, store:
        for mark, best in ((trial.mark, "later"), ("0" * 32, "gone")):
            ruling = Ruling(mark, 1, 0, "tried", split.step, shares, seen, best, 120.0)
            row = (bytes.fromhex(mark), 1, 0, "tried", split.step, msgspec.json.encode(ruling))
            store.execute("INSERT INTO ruling VALUES (?, ?, ?, ?, ?, ?)", row)
    for pages in opened(folder):
        page = words(pages.get("/flows/tried").text)
        assert "`later` is the best arm of `which`, and everybody gets it from now on" in page
        assert "`now` 4.1 % of 2,100 people, `later` 8.3 % of 2,000 people." in page
        assert "gone" not in page
        assert "best arm" not in words(pages.get("/flows/welcome").text)


def test_the_log_leads_to_the_person(studio: TestClient) -> None:
    """And says in words what a leaf is; its own word stands behind."""
    page = studio.get("/log").text
    assert "/studio/people?address=anna%40example.com&show=consent" in page.replace("&amp;", "&")
    assert 'title="confirmed"' in page


def test_the_mailbox_is_newest_first_and_can_be_narrowed(studio: TestClient) -> None:
    """By person, by flow, and by neither: the mails that ask for a confirmation."""
    everything = words(studio.get("/mails").text)
    assert "9 mails, newest first" in everything
    assert everything.index("Order o-1") < everything.index("Welcome")
    anna = words(studio.get("/mails?to=ANNA").text)
    assert "3 mails of these" in anna
    assert "carl@example.com" not in anna
    thanks = words(studio.get("/mails?flow=thanks").text)
    assert "2 mails of these" in thanks
    assert "4 mails of these" in words(studio.get("/mails?flow=-").text)
    assert "No such mail" in words(studio.get("/mails?to=nobody").text)


def first_mail(studio: TestClient, query: str) -> str:
    found = re.search(r'<li>\s*<a href="/studio(/mails/\d+)"', studio.get(f"/mails?{query}").text)
    assert found is not None
    return found[1]


def test_a_mail_is_shown_in_every_form(studio: TestClient) -> None:
    """In a frame that can do nothing, wide or as on a phone; as text; as its source."""
    mail = first_mail(studio, "flow=welcome&to=anna")
    for view in ("wide", "phone"):
        page = studio.get(f"{mail}?show={view}").text
        assert f'<div class="stage {view} light"><iframe sandbox title=' in page
        assert f'src="/studio{mail}/html?in=light"' in page
    assert "Hello Anna!" in words(studio.get(f"{mail}?show=text").text)
    source = html.unescape(studio.get(f"{mail}?show=source").text)
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in source
    framed = studio.get(f"{mail}/html")
    assert "Hello Anna!" in framed.text
    policy = framed.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "allow-scripts" not in policy


def test_links_of_a_mail_stand_beside_it(studio: TestClient) -> None:
    """So that the confirmation in a proof mail can be pressed while trying things out."""
    page = studio.get(first_mail(studio, "flow=-&to=dora")).text
    assert re.search(r'<a class="button" href="http://127.0.0.1:8025/c/[^"]+" rel="noreferrer">', page)


ODD = {
    "charset": b"Content-Type: text/html; charset=bogus-1\r\n\r\nhello",
    "rot13": b"Content-Type: text/plain; charset=rot13\r\n\r\nhello",
    "half a character": b"Content-Type: text/html; charset=utf-7\r\n\r\n+2AA-",
    "to": b'From: <>@@[\r\nTo: "\r\nMessage-ID: <[x]@@>\r\n\r\nhello',
    "date": b"Date: Fri, 31 Dec 9999 23:59:59 -2359\r\n\r\nhello",
    "declaration": b"Content-Type: text/html\r\n\r\n<![foo]><a href='https://kafija.example/'>x</a>",
    "nothing": b"",
}


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_mail_hides_no_other(odd: str, stall: Path, tmp_path: Path) -> None:
    """Whoever can reach the mailbox can put one in: the list and the mail itself are shown all the same."""
    folder = Path(shutil.copytree(stall, tmp_path / "stall"))
    box = Store(folder / "data" / "mailbox", clock=wall_clock)
    position = box.append("", ["odd@example.com"], ODD[odd] + b"\r\n")
    box.close()
    for client in opened(folder):
        assert "10 mails, newest first" in words(client.get("/mails").text)
        for view in ("wide", "text", "source"):
            assert client.get(f"/mails/{position}?show={view}").status_code == 200
        assert client.get(f"/mails/{position}/html").status_code in (200, 404)


def test_looking_at_a_mail_is_no_opening_of_it(stall: Path, tmp_path: Path) -> None:
    """The pixel and the measured links are those of the person who got it, and are not in the preview."""
    folder = Path(shutil.copytree(stall, tmp_path / "stall"))
    settings, _ = load_sound_project(folder)
    marks = marks_of(settings, read_keys(settings, folder))
    links = Links(unsubscribe="http://127.0.0.1:8025/u/abc")
    html = '<body><a href="https://stall.example/?a=1&amp;b=2">Beans</a></body>'
    marked = marks.html(html, "0a" * 16, links)
    assert "/l/" in marked
    assert "/o/" in marked
    box = Store(folder / "data" / "mailbox", clock=wall_clock)
    content = f"Content-Type: text/html\r\n\r\n{marked}".encode()
    position = box.append("", ["anna@example.com"], content)
    box.close()
    for client in opened(folder):
        assert client.get(f"/mails/{position}/html").text == html
        page = client.get(f"/mails/{position}").text
        assert '<a href="https://stall.example/?a=1&amp;b=2" rel="noreferrer">Beans</a>' in page


def test_a_story_links_to_its_mails_the_log_and_the_preferences(studio: TestClient) -> None:
    """Each line that tells of a mail leads to that very mail."""
    page = studio.get("/people?address=anna@example.com").text
    mails = re.findall(r'<p>Got the mail (\w+) from [^<]+<a href="/studio(/mails/\d+)">', page)
    assert [name for name, _ in mails] == ["hello", "order_thanks"]
    assert "Asked for" in page
    assert "Entered" not in words(page)  # mails and consent come first; all is one click away
    everything = words(studio.get("/people?address=anna@example.com&show=all").text)
    assert everything.index("Entered") < everything.index("Got the mail hello")
    assert "Welcome" in words(studio.get(mails[0][1]).text)
    assert "Order o-1" in words(studio.get(mails[1][1]).text)
    assert re.search(r'href="/p/[^"]+">Their preferences page', page)
    assert "I want news from the coffee stall by e-mail." in page
    assert "No mail was refused." in page


@pytest.mark.parametrize(
    "change",
    ["update evidence set sealed = zeroblob(40)", "update subjects set wrapped = zeroblob(60)"],
)
def test_a_damaged_row_of_somebody_is_told_of(change: str, stall: Path, tmp_path: Path) -> None:
    """The page says what is damaged, and shows what is not."""
    folder = Path(shutil.copytree(stall, tmp_path / "stall"))
    with closing(sqlite3.connect(folder / "data" / "consent.db")) as store, store:
        store.execute(change)
    for client in opened(folder):
        answer = client.get("/people?address=anna@example.com")
        assert answer.status_code == 200
        assert "no longer what the log committed to" in words(answer.text)


def test_a_story_can_be_narrowed(studio: TestClient) -> None:
    """To what was agreed, for one."""
    page = words(studio.get("/people?address=anna@example.com&show=consent").text)
    assert "Confirmed “News”" in page
    assert "Got the mail" not in page


@pytest.mark.parametrize(
    ("address", "status", "told"),
    [
        ("nobody@example.com", 404, "Nobody with the address nobody@example.com is known here"),
        ("<script>alert(1)</script>", 400, "is no e-mail address"),
    ],
)
def test_who_is_unknown_gets_a_clear_answer(address: str, status: int, told: str, studio: TestClient) -> None:
    """In words, with the form to try again; what was asked is shown harmlessly."""
    answer = studio.get("/people", params={"address": address})
    assert answer.status_code == status
    assert told in words(answer.text)
    assert "<script" not in answer.text


def test_the_log_shows_its_head_and_how_to_check_it(studio: TestClient, stall: Path) -> None:
    """Size, root, note and the key; leaf by leaf down to the first."""
    page = studio.get("/log").text
    said = words(page)
    assert "The signed note" in said
    assert "virta consent verify proof.zip --key '127.0.0.1/Coffee-stall+" in said
    size = int(re.search(r"([\d,]+) leaves\.", said)[1].replace(",", ""))  # type: ignore[index]
    seen: list[int] = []
    path: str | None = "/log"
    while path:
        text = studio.get(path).text
        for first, last in re.findall(r'<th scope="row" class="n">(?:(\d+)–)?(\d+)</th>', text):
            seen += range(int(last), int(first or last) - 1, -1)
        older = re.search(r'<a href="(\?before=\d+)" rel="next">', text)
        path = f"/log{older[1]}" if older else None
    assert seen == list(range(size - 1, -1, -1))


@pytest.mark.parametrize(
    "path", ["/flows/nothing", "/flows/welcome/steps/nothing", "/mails/7", "/nothing", "/mails/x"]
)
def test_what_is_not_there_is_said_to_be_missing(path: str, studio: TestClient) -> None:
    """In words, within the studio."""
    answer = studio.get(path)
    assert answer.status_code == 404
    assert "Not here" in words(answer.text)


def test_an_empty_project_says_what_to_do(tmp_path: Path) -> None:
    """Nothing was sent, nobody signed up: each page says where to begin."""
    folder = make_stall(tmp_path / "stall")
    with Served(folder, "--mailbox") as served:
        assert f"The studio is at {served.url}/studio/." in served.first_line
        with httpx2.Client(base_url=served.url) as client:
            assert client.get("/studio").headers["location"] == "/studio/"
            assert client.get("/").headers["location"] == "/signup"
            assert "Nothing has happened yet" in client.get("/studio/").text
            assert "No mails here yet" in client.get("/studio/mails").text
            assert client.get("/studio/log").status_code == 200
            assert client.get("/studio/", headers={"Host": "shop.example"}).status_code == 403
            assert client.post("/studio/").status_code == 405


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("", ["--host", "0.0.0.0"]),
        ('environment = "staging"', []),
        ('url = "https://shop.example"', []),
    ],
)
def test_there_is_no_studio_for_others(more: str, told: list[str], tmp_path: Path) -> None:
    """Not where other machines can reach it, not outside development, not where a proxy leads others here."""
    folder = make_stall(tmp_path / "stall")
    make_development_keys(folder / "dev-keys.toml", os.urandom)
    settings = folder / "virta.toml"
    settings.write_text(settings.read_text("utf-8").replace("[sender]", f"{more}\n\n[sender]", 1))
    words_ = ["--mailbox", *told]
    with Served(folder, *words_) as served:
        assert "studio" not in served.first_line
        with httpx2.Client(base_url=served.url.replace("0.0.0.0", "127.0.0.1")) as client:
            assert client.get("/studio/").status_code == 404
