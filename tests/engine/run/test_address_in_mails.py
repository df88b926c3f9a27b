"""A mail that shows its reader's own address: it comes from the consent service when the mail is written,
and is kept nowhere else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from storefront import open_shop
from structlog.testing import capture_logs

from virta.mailbox.running import Running, start

pytestmark = pytest.mark.anyio
ODD = "o'hara&sons@example.com"
FLOW = """
flow hello "Hello"
    topic news
    start on subscribed where topic is "news"

    send greeting
"""
MAIL = """---
subject: For {{ contact.email }}
preheader: Kept for {{ contact.email }}
---
<body><p title="{{ contact.email }}">You are {{ contact.email }}.</p>
<p><a href="{{ links.unsubscribe }}">Unsubscribe</a> {{ sender.imprint }}</p></body>
"""


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Running]:
    """A mail server of this test's own."""
    with start(tmp_path / "mailbox") as running:
        yield running


async def test_a_mail_shows_the_address_in_both_parts_and_its_subject(
    tmp_path: Path, mailbox: Running
) -> None:
    """Escaped in HTML alone; each reader's own."""
    given = (("templates/greeting.html", MAIL.encode()),)
    async with open_shop(tmp_path, FLOW, mailbox.url, mailbox.folder, templates=given) as shop:
        for address in (ODD, "anna@example.com"):
            await shop.join(address, "news")
        first, second = shop.mails()
        assert first.parsed()["Subject"] == f"For {ODD}"
        html = first.parsed().get_body(("html",))
        text = first.parsed().get_body(("plain",))
        assert html is not None
        assert text is not None
        assert "You are o&#39;hara&amp;sons@example.com." in html.get_content()
        assert 'title="o&#39;hara&amp;sons@example.com"' in html.get_content()
        assert ODD not in html.get_content()
        assert f"You are {ODD}." in text.get_content()
        assert second.parsed()["Subject"] == "For anna@example.com"
        assert second.recipients == ("anna@example.com",)


async def test_the_engine_keeps_no_address(tmp_path: Path, mailbox: Running) -> None:
    """Neither its store nor the file of attempts nor the log has it, also where a mail fails."""
    broken = MAIL.replace("You are", "{{ [1] | map(contact.email) | list }} You are")
    for template in (MAIL, broken):
        given = (("templates/greeting.html", template.encode()),)
        folder = tmp_path / str(len(template))
        with capture_logs() as logged:
            async with open_shop(folder, FLOW, mailbox.url, mailbox.folder, templates=given) as shop:
                await shop.join(ODD, "news")
                said = "sent greeting" if template == MAIL else "skipped greeting template_failed"
                assert said in await shop.story("hello")
                faults = [entry.fault for entry in await shop.system.store.journal() if entry.fault]
                assert ["template `greeting` (en)" in each for each in faults] == [True] * (
                    template == broken
                )
        assert "o'hara" not in repr(logged)
        assert ("a mail cannot be written" in repr(logged)) == (template == broken)
        kept = [path for path in folder.iterdir() if path.name.startswith(("engine.db", "attempts"))]
        assert len(kept) >= 2
        assert not any(b"o'hara" in path.read_bytes() for path in kept)
