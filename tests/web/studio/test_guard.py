"""The studio answers browsers on this machine only, and takes only what its own pages send."""

import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from web.studio.guard import MAIL_POLICY, PAGE_POLICY, LocalOnly, is_loopback


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("seen")(scope, receive, send)


def client(peer: str = "127.0.0.1", url: str = "http://127.0.0.1:8025") -> TestClient:
    return TestClient(LocalOnly(app), base_url=url, client=(peer, 40000))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8025", "http://localhost:8025", "http://LOCALHOST", "http://[::1]:8025"]
)
def test_a_browser_on_this_machine_is_let_in_by_every_name_of_it(url: str) -> None:
    """With and without a port."""
    assert client(url=url).get("/").text == "seen"


@pytest.mark.parametrize(
    "host", ["shop.example", "127.0.0.1.shop.example", "localhost.shop.example:8025", "0.0.0.0", "", "[::2]"]
)
def test_another_name_that_leads_here_is_refused(host: str) -> None:
    """A page of another site whose name was pointed at this machine meanwhile (DNS rebinding)."""
    refused = client().get("/", headers={"Host": host})
    assert refused.status_code == 403
    assert "seen" not in refused.text


@pytest.mark.parametrize("peer", ["192.0.2.7", "2001:db8::1", "10.0.0.1", "testclient"])
def test_another_machine_is_refused(peer: str) -> None:
    """Whatever name it asks for."""
    assert client(peer).get("/").status_code == 403


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_nothing_but_looking_and_forms_is_possible(method: str) -> None:
    """Also from this machine, also from our own pages."""
    refused = client().request(method, "/")
    assert refused.status_code == 405
    assert refused.headers["allow"] == "GET, HEAD"


OWN = "http://127.0.0.1:8025"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Origin": OWN}, 200),
        ({"Origin": OWN}, 200),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"}, 403),
        ({"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": OWN}, 403),
        ({"Origin": "http://127.0.0.1:9000"}, 403),
        ({"Origin": "https://shop.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
def test_a_form_is_taken_from_our_own_pages_only(headers: dict[str, str], status: int) -> None:
    """The browser says where it stands; without a word of it nobody could tell, and another port is another
    site."""
    answer = client().post("/", headers=headers)
    assert answer.status_code == status
    assert ("seen" in answer.text) is (status == 200)


@pytest.mark.parametrize(
    ("site", "mode", "status"),
    [
        ("cross-site", "no-cors", 403),
        ("cross-site", "cors", 403),
        ("cross-site", "navigate", 200),
        ("same-site", "no-cors", 403),
        ("same-site", "navigate", 200),
        ("same-origin", "no-cors", 200),
        ("none", "navigate", 200),
    ],
)
def test_other_sites_may_link_here_and_load_nothing(site: str, mode: str, status: int) -> None:
    """What the browser itself says of where a request comes from (Sec-Fetch-Site); another port here
    is the same site, and another origin. A browser that says nothing is told by the answer's own policy."""
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode}
    answer = client().get("/", headers=headers)
    assert answer.status_code == status
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Forwarded", "for=192.0.2.7"),
        ("X-Forwarded-For", "192.0.2.7"),
        ("X-Forwarded-Proto", "https"),
        ("X-Real-IP", "192.0.2.7"),
        ("Via", "1.1 proxy"),
    ],
)
def test_a_proxy_on_this_machine_is_refused(name: str, value: str) -> None:
    """It asks from this machine, by its name, for anybody."""
    refused = client().get("/", headers={name: value})
    assert refused.status_code == 403
    assert "seen" not in refused.text


@pytest.mark.parametrize(
    ("address", "own"), [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("0.0.0.0", False)]
)
def test_loopback_addresses_are_known(address: str, own: bool) -> None:
    """Listening on all addresses is not listening on this machine alone."""
    assert is_loopback(address) is own
    assert not is_loopback("192.0.2.127.0")


def test_neither_policy_lets_anything_run() -> None:
    """No script on the pages; a mail may not even be of our origin."""
    assert "script-src 'none'" in PAGE_POLICY
    assert MAIL_POLICY.startswith("sandbox;")
    assert "script" not in MAIL_POLICY
