"""Link scanners, previews and prefetchers look at every link of a mail; only a person's POST may act."""

import pytest
from house import House, path

from engine.mail.kept import Kept

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PATCH"])
async def test_no_method_but_post_changes_anything_at_any_link(house: House, method: str):
    """Not a row of the consent store differs afterwards, whatever is asked and sent along."""
    subject = await house.join("anna@example.com")
    await house.sign_up("berta@example.com", "offers")
    [(confirm, refuse)] = await house.mailed()
    links = [confirm, refuse, house.unsubscribe(subject), house.unsubscribe(subject, ""), "/signup"]
    links.append(house.preferences(subject))
    await house.store.keep_mails([Kept("0a" * 16, subject, house.clock.now, True, "<p>Hello</p>")])
    links.append(path(house.marks.view("0a" * 16)))
    before = house.everything_stored()
    for link in links:
        for query in ("", "?List-Unsubscribe=One-Click&stop=all&save=yes&_method=POST"):
            answer = await house.http.request(
                method,
                link + query,
                content=b"List-Unsubscribe=One-Click&stop=all&save=yes",
                headers={
                    "Content-Type": "application/x-www-form-urlencoded",
                    "X-HTTP-Method-Override": "POST",
                },
            )
            assert answer.status_code == (200 if method in ("GET", "HEAD") else 405)
            assert "set-cookie" not in answer.headers
    assert house.everything_stored() == before


async def test_head_has_the_headers_of_get_and_no_body(house: House):
    """As RFC 9110 9.3.2 asks."""
    subject = await house.join("anna@example.com")
    link = house.unsubscribe(subject)
    seen, headed = await house.http.get(link), await house.http.head(link)
    assert headed.status_code == seen.status_code
    assert headed.headers == seen.headers


async def test_a_method_that_is_not_known_names_those_that_are(house: House):
    """With a page for people."""
    answer = await house.http.put("/c/x")
    assert answer.status_code == 405
    assert set(answer.headers["allow"].replace(" ", "").split(",")) == {"GET", "HEAD", "POST"}
