"""Five ways to make the bytes of a mail of 16 kB HTML and its text part, 36 values in each, from what is
known of its reader: what each costs a mail. All give the same bytes.

Two templates of Jinja's, their text tidied, both parts checked and put together, is the work; Virta has Jinja
look a value up, and show it, without a call. One template for both parts saves a context, and would escape
the values of the text too. Segments are the least: what stands between the values is cut at the start and
bytes already, each value is looked up once, and what is put together is neither tidied nor searched for long
lines and dots, which a value may bring in; so this is a bound, and no mail for the wire.

    python bench/designs/write_mail.py [MAILS]
"""

import re
import sys
import time
from collections.abc import Callable

from jinja2.compiler import CodeGenerator

from consent.contract import Decision, Links
from engine.core.bundle import MailBody
from engine.mail import preheader
from engine.mail.generator import Generator
from engine.mail.letters import Letters, Sender
from engine.mail.message import Letter, build, wire
from engine.mail.sandbox import Sandbox
from engine.mail.text import text_template, tidy
from virta.bench import mail
from virta.bench.result import agreed

AIM = "mail_cpu_us"

MAILS = 2_000
_KEY = "0123456789abcdef" * 2
_LINK = "https://bench.example/u/" + "A" * 90
_DECISION = Decision(_KEY, 1, True, None, "plain", "v", 2, 0, Links(unsubscribe=_LINK))
_PERMITTED = (
    ("List-Unsubscribe", f"<{_LINK}>"),
    ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ("Consent-Checkpoint", "A" * 300),
)
_AT = 1_700_000_000_000
_FROM = "Bench <bench@shop.example>"
_SUBJECT = "Tips for your coffee, friend"
_TO = "person@kafija.example"
_MARK = "\ue010"

Design = Callable[[str], bytes]
"""The bytes of the mail about an order."""


def _sent(letter: Letter) -> bytes:
    return wire(build(_KEY, letter, "shop.example", _AT, True), _TO, _PERMITTED)


class _Plain(Generator):
    """Jinja's own way to look up and to show."""

    visit_Getattr = CodeGenerator.visit_Getattr
    _output_child_pre = CodeGenerator._output_child_pre
    _output_child_post = CodeGenerator._output_child_post


class _PlainSandbox(Sandbox):
    code_generator_class = _Plain


def _context(order: str) -> dict[str, object]:
    return {
        "contact": {"language": "en"},
        "trigger": {"order_id": order},
        "links": {"unsubscribe": _LINK},
        "sender": {"name": "Bench", "imprint": "Example Street 1"},
        "language": "en",
        "preheader": "",
    }


def _by(kind: type[Sandbox]) -> Design:
    source = mail.TEMPLATE.split("---\n", 2)[2]
    html = kind({"a": preheader.shown(source)}, "en", True)
    text = kind({"a": text_template(source)}, "en", False)

    def written(order: str) -> bytes:
        context = _context(order)
        said = tidy(text.rendered("a", context))
        return _sent(Letter(_SUBJECT, html.rendered("a", context), said, _FROM))

    return written


def letters() -> Design:
    """All of a letter, as Virta writes it"""
    found = Letters(
        mail.project().template_files,
        {},
        ("en",),
        Sender("Bench", "bench@shop.example", "Example Street 1"),
        "UTC",
    )

    def written(order: str) -> bytes:
        body = MailBody("tips", "j", "s", "tips", "news", False, 0, "", {}, {"order_id": order}, {}, {})
        return _sent(found.letter(body, _DECISION))

    return written


def as_it_comes() -> Design:
    """Two templates, Jinja in its sandbox as it comes"""
    return _by(_PlainSandbox)


def in_place() -> Design:
    """Two templates, values looked up and shown in place"""
    return _by(Sandbox)


def together() -> Design:
    """One template for both parts, values in place"""
    source = mail.TEMPLATE.split("---\n", 2)[2]
    both = Sandbox({"a": preheader.shown(source).rstrip("\n") + _MARK + text_template(source)}, "en", True)

    def written(order: str) -> bytes:
        html, _, text = both.rendered("a", _context(order)).partition(_MARK)
        return _sent(Letter(_SUBJECT, html, tidy(text), _FROM))

    return written


def segments() -> Design:
    """Segments of bytes, each value looked up once"""
    whole = in_place()("order-00000000")
    pieces = re.split(b"order-00000000", whole)

    def written(order: str) -> bytes:
        return _context(order)["trigger"]["order_id"].encode().join(pieces)  # type: ignore[index, no-any-return]

    return written


def main(mails: int) -> None:
    """The table: the least of five rounds in turns."""
    makers = (letters, as_it_comes, in_place, together, segments)
    designs = [make() for make in makers]
    orders = [mail.order(number) for number in range(mails)]
    agreed({"bytes of a mail": len(designs[1](orders[0])), "by others": len(designs[0](orders[0]))})
    assert len({design(orders[1]) for design in designs}) == 1, "the mails differ"
    best = [float("inf")] * len(designs)
    for _ in range(5):
        for place, design in enumerate(designs):
            began = time.process_time()
            size = sum(len(design(order)) for order in orders)
            best[place] = min(best[place], (time.process_time() - began) / mails * 1e6)
            agreed({"bytes": size, "of as many mails": mails * len(designs[0](orders[0]))})
    print(f"{mails:,} mails of {len(designs[0](orders[0])):,} bytes, µs of CPU each; the same bytes by each")
    for cost, make in zip(best, makers, strict=True):
        print(f"  {cost:6.1f}  {make.__doc__}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else MAILS)
