"""What holds for all of the studio: pages that stand by themselves, and who gets to see them."""

import os
from html.parser import HTMLParser
from pathlib import Path

import httpx2
import pytest
from opened_studio import words
from serving import Served
from stall import make_stall
from starlette.testclient import TestClient

from virta.keys import make_development_keys

PAGES = ["/", "/flows", "/flows/welcome", "/mails", "/people", "/people?address=anna@example.com", "/log"]


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
            assert client.post("/studio/").status_code == 403
            own = {"Sec-Fetch-Site": "same-origin"}
            assert client.post("/studio/", headers=own).status_code == 405


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
