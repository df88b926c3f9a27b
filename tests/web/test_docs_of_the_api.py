"""`docs/api.md` is true: each example is sent and its answer compared. `docs/pages.md` is complete."""

import json
import re
from http import HTTPStatus
from pathlib import Path

import pytest
from house import KEY, House

from web.api.keys import Scope
from web.api.replies import Code
from web.subscriber.routes import PAGES

pytestmark = pytest.mark.anyio

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "api.md").read_text("utf-8")
BLOCKS = re.findall(r"```http\n(.*?)```", TEXT, re.DOTALL)
EXAMPLES = list(zip(BLOCKS[::2], BLOCKS[1::2], strict=True))


def parts(block: str) -> tuple[str, dict[str, str], str]:
    """First line, headers and body of a message."""
    head, _, body = block.partition("\n\n")
    first, *lines = head.strip().split("\n")
    return first, dict(line.split(": ", 1) for line in lines), body.strip()


@pytest.mark.parametrize(("sent", "answered"), EXAMPLES)
async def test_each_example_is_answered_as_the_page_says(house: House, sent: str, answered: str):
    """Status with its phrase, the headers shown, and the whole body."""
    subject = await house.join("anna@example.com")
    await house.mail(subject, "0123456789abcdef0123456789abcdef")
    first, headers, body = parts(sent)
    method, target, _ = first.split()
    if "Authorization" in headers:
        headers["Authorization"] = headers["Authorization"].replace("KEY", KEY)
    answer = await house.http.request(method, target, headers=headers, content=body)
    first, expected, body = parts(answered)
    status = int(first.split()[1])
    assert answer.status_code == status
    assert HTTPStatus(status).phrase.replace("Entity", "Content") == first.split(maxsplit=2)[2]
    for name, value in expected.items():
        assert answer.headers[name] == value
    assert answer.json() == json.loads(body)


def test_there_are_examples_of_every_endpoint_and_of_faults():
    """So that the test above cannot pass by finding none."""
    targets = {block.split()[1] for block, _ in EXAMPLES}
    assert {re.sub("/v1/flows/.+/", "", target) for target in targets} == {
        "/v1/events",
        "/v1/contacts",
        "/v1/signups",
        "/v1/returns",
        "/v1/merges",
        "journeys",
        "/health",
    }
    assert len(EXAMPLES) >= 10


def test_every_code_and_every_scope_stands_in_its_table_and_no_other():
    """A new one without a line here is a red test."""
    rows = re.findall(r"^\| \d{3} \| `(\w+)` \|", TEXT, re.MULTILINE)
    assert sorted(rows) == sorted(Code)
    opens = r"^\s*\| `(\w+)` \| `(?:POST /v1|GET )/(?:flows/NAME/)?(\w+)`[^|]*\|"
    scopes = re.findall(opens, TEXT, re.MULTILINE)
    assert scopes == [(scope, scope) for scope in Scope]


def test_every_page_has_its_line():
    """In `docs/pages.md`."""
    pages = (DOCS / "pages.md").read_text("utf-8")
    rows = re.findall(r"^\| `(/[^`]*)` \|", pages, re.MULTILINE)
    assert rows == [path.replace("{token}", "TOKEN") for path in PAGES]


def test_how_long_a_mail_is_seen_is_said_with_its_setting():
    """In `docs/pages.md`: the days are the project's own, and those that it has without a word are named."""
    pages = (DOCS / "pages.md").read_text("utf-8")
    settings = (DOCS / "settings.md").read_text("utf-8")
    default = re.findall(r"^\| `mails_days` \|[^|]*\| `(\d+)` \|", settings, re.MULTILINE)
    said = re.findall(r"keeps the mail for the days of ([^:]*): (\d+), unless you\ssay otherwise\.", pages)
    assert said == [("[`stores.mails_days`](settings.md#stores)", *default)]
