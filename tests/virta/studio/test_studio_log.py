"""The studio's pages of the consent log."""

import re
from pathlib import Path

from opened_studio import words
from starlette.testclient import TestClient


def test_the_log_leads_to_the_person(studio: TestClient) -> None:
    """And says in words what a leaf is; its own word stands behind."""
    page = studio.get("/log").text
    assert "/studio/people?address=anna%40example.com&show=consent" in page.replace("&amp;", "&")
    assert 'title="confirmed"' in page


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
