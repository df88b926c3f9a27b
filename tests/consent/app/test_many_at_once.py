"""One call is about so many people at most that nobody waits long behind it."""

import httpx2
import msgspec
import pytest

from consent.app.routes import MOST_AT_ONCE
from consent.calls import PREFIX, Scope

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("subjects", {"addresses": ["nobody"] * (MOST_AT_ONCE + 1)}),
        ("alive", {"signs": [["0" * 32, 1]] * (MOST_AT_ONCE + 1)}),
        ("status", {"keys": ["a"] * (MOST_AT_ONCE + 1)}),
        ("forgotten", {"subjects": ["0" * 32] * (MOST_AT_ONCE + 1)}),
    ],
)
async def test_more_than_that_are_refused_and_nothing_is_done(house, name, body):
    """Before any work; one fewer is answered."""
    headers = {"Authorization": f"Bearer {house.key(Scope.ENGINE)}", "Content-Type": "application/json"}
    async with httpx2.AsyncClient(base_url=house.url + PREFIX, headers=headers) as http:
        refused = await http.post(name, content=msgspec.json.encode(body))
        [(argument, values)] = body.items()
        taken = await http.post(name, content=msgspec.json.encode({argument: values[1:]}))
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
    assert f"at most {MOST_AT_ONCE:,}" in refused.json()["detail"]
    assert taken.status_code == 200
