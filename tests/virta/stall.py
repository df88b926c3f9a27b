"""A coffee stall: the smallest project in which people sign up, buy, and get mails of both classes."""

import os
from itertools import count
from pathlib import Path

TOML = """
name = "Coffee stall"

[sender]
name = "Coffee stall"
address = "hello@stall.example"
imprint = "Coffee stall, Example Square 1, Riga"

[controller]
name = "Coffee stall"
address = "Example Square 1, Riga"
contact = "privacy@stall.example"

[smtp]
url = "{mail_server}"
{smtp}

[keys]
file = "dev-keys.toml"

[[api]]
key = "env:STALL_API_KEY"
"""

SCHEMA = """
use shop

contact
    first_name text

topic news "News"
    for marketing
    consent "I want news from the coffee stall by e-mail."

topic orders "Your orders"
    for service
"""

FLOWS = {
    "welcome": """
flow welcome
    topic news
    start on subscribed where topic is "news"
    goal order_placed within 7 days

    send hello
    wait for order_placed up to 3 days
        on order_placed
            finish as bought
        on timeout
            send come_again
""",
    "thanks": """
flow thanks
    topic orders
    start on order_placed
    one journey per trigger.order_id

    send order_thanks
""",
    "cart": """
flow cart
    topic news
    start on cart_updated
    one journey per trigger.cart_id
    leave on order_placed

    send cart_kept
""",
}

MARKETING = """---
subject: {subject}
---
<p>Hello {{{{ contact.first_name | default("friend") }}}}!</p>
<p><a href="{{{{ links.unsubscribe }}}}">Unsubscribe</a> {{{{ sender.name }}}}, {{{{ sender.imprint }}}}</p>
"""

SERVICE = """---
subject: Order {{ trigger.order_id }}
---
<p>Thank you!</p><p>{{ sender.name }}, {{ sender.imprint }}</p>
"""


PORTS = count()


def own_port() -> int:
    """A port that no other stall has, in whichever process of the tests, and that no system hands out.

    A stall that is served without a mailbox would otherwise send into the mailbox of another one.
    """
    return 12_000 + os.getpid() % 200 * 100 + next(PORTS) % 100


def make_stall(folder: Path, mail_server: str = "", smtp: str = "") -> Path:
    """Write the project into `folder`, made if missing.

    Its mail server is one on this machine that nobody runs, unless it is given. `smtp` is further lines
    under [smtp].
    """
    mail_server = mail_server or f"smtp://127.0.0.1:{own_port()}"
    (folder / "flows").mkdir(parents=True)
    (folder / "templates").mkdir()
    (folder / "virta.toml").write_text(TOML.format(mail_server=mail_server, smtp=smtp), "utf-8")
    (folder / "schema.flow").write_text(SCHEMA, "utf-8")
    for name, text in FLOWS.items():
        (folder / "flows" / f"{name}.flow").write_text(text, "utf-8")
    mails = {"hello": "Welcome", "come_again": "Come again", "cart_kept": "Your cart waits"}
    for name, subject in mails.items():
        text = MARKETING.format(subject=subject)
        (folder / "templates" / f"{name}.html").write_text(text, "utf-8")
    (folder / "templates" / "order_thanks.html").write_text(SERVICE, "utf-8")
    return folder
