"""A mailbox, and lives of one shop that mails to it."""

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from storefront import MONDAY, Opener, Shop, open_shop

from virta.mailbox.running import Running, start


@pytest.fixture(scope="module")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One for all tests of a module; each reads from where it began."""
    with start(tmp_path_factory.mktemp("mailbox")) as running:
        yield running


@pytest.fixture
def opener(tmp_path: Path, mailbox: Running) -> Opener:
    """Opens lives of one shop, with these flows."""

    def open_(text: str, now: int = MONDAY, **world: object) -> AbstractAsyncContextManager[Shop]:
        return open_shop(tmp_path, text, mailbox.url, mailbox.folder, now, **world)

    return open_
