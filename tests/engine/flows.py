"""Programs from the text of flows, ready to run: a small shop, and whatever a test writes below it."""

import re
from datetime import date
from functools import lru_cache

from dsl.compile import Compiled, Project, compile_project
from dsl.found.finding import Severity
from dsl.graph import Program
from engine.core.loaded import Loaded
from engine.insight.grounds import WORDING

SHOP = """
use shop
contact
    first_name   text
    city         text
    birthday     date
    renewal      moment
    visits       number
    credit       money
    vip          flag
    interests    list of text
topic news "News"
    for marketing
    consent "I want news by e-mail."
topic offers "Offers"
    for marketing
    consent "I want offers by e-mail."
topic orders "Orders"
    for service
"""
TEMPLATE = """---
subject: Hello
---
<p>Hello</p>
{% if links.unsubscribe %}<a href="{{ links.unsubscribe }}">Unsubscribe</a>{% endif %} {{ sender.imprint }}
"""
ZONE = "Europe/Riga"


@lru_cache(maxsize=256)
def compiled(
    text: str,
    zone: str = ZONE,
    lists: tuple[tuple[str, bytes], ...] = (),
    templates: tuple[tuple[str, bytes], ...] = (),
    settings: str = "",
) -> Compiled:
    """`text` below the shop's declarations, with a plain template for every mail that it sends; `lists` are
    its files of codes, `templates` win over the plain ones; `settings` is what its virta.toml says."""
    plain = tuple(
        (f"templates/{name}.html", TEMPLATE.encode())
        for name in sorted(set(re.findall(r"\bsend (\w+)", text)))
    )
    mails = tuple({**dict(plain), **dict(templates)}.items())
    whole = (("shop.flow", SHOP.encode()), ("test.flow", text.encode()))
    words = (("virta.toml", settings.encode()),) if settings else None
    return compile_project(
        Project(whole, mails, ("en",), "EUR", zone, date(2026, 3, 2), lists=lists, words=words)
    )


def program(text: str, zone: str = ZONE) -> Program:
    """The program of `text`; a finding that is an error fails the test that wrote it."""
    found = compiled(text, zone)
    errors = [finding for finding in found.findings if finding.severity is Severity.ERROR]
    assert found.program is not None, errors
    return found.program


@lru_cache(maxsize=256)
def loaded(text: str, zone: str = ZONE) -> Loaded:
    """The program of `text`, ready to run."""
    return Loaded(program(text, zone), (), zone, b"a key for tests", wording=WORDING)
