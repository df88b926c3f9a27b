"""How a project's mails are written and go out, as its settings say."""

import hmac
from urllib.parse import urlsplit

from dsl.compile import Compiled
from engine.delivery.login import Login
from engine.mail.dkim import Dkim, KeyFault, read_key
from engine.mail.letters import Letters, Sender
from engine.mail.measured import Marks
from virta.keys import ProjectKeys
from virta.proof_mail import with_notice, with_proof
from virta.settings import BrokenProject, Settings, secret

TLS = {"smtp": "none", "smtps": "implicit", "smtp+starttls": "starttls"}
PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


def sender_of(keys: ProjectKeys) -> bytes:
    """The mailer's identity towards the consent service. It follows from the project's own key, so that
    permits can be settled even when the attempt file is lost."""
    return hmac.digest(keys.journey, b"mailer", "sha256")[:16]


def marks_of(settings: Settings, keys: ProjectKeys) -> Marks:
    """What makes the links by which opening and clicks are told, and reads them."""
    return Marks(settings.url.rstrip("/"), hmac.digest(keys.journey, b"measured", "sha256"))


def letters_of(compiled: Compiled, settings: Settings, marks: Marks | None = None) -> Letters:
    """The project's templates, loaded."""
    return Letters(
        with_notice(with_proof(compiled.template_files, settings.languages), settings.languages),
        {template.name: template.digest for template in compiled.templates},
        settings.languages,
        written_by(settings),
        settings.time_zone,
        marks,
        addressed=[template.name for template in compiled.templates if template.addressed],
        kept=[template.name for template in compiled.templates if template.kept],
    )


def written_by(settings: Settings) -> Sender:
    """Who stands in all mails."""
    sender = settings.sender
    return Sender(
        sender.name,
        sender.address,
        sender.imprint,
        sender.reply_to,
        settings.controller.contact,
        sender.color,
    )


def login_of(settings: Settings, notices: bool = False) -> Login:
    """How to reach the mail server. `notices`: it is asked to tell which mails were delivered."""
    url, smtp = urlsplit(settings.smtp.url), settings.smtp
    return Login(
        host=url.hostname or "127.0.0.1",
        port=url.port or PORTS[url.scheme],
        tls=TLS[url.scheme],
        user=secret(smtp.user),
        password=secret(smtp.password),
        timeout=smtp.timeout,
        final_timeout=smtp.final_timeout,
        name=settings.sender.address.rpartition("@")[2],
        bounce_to=settings.sender.address,
        notices=notices,
    )


def dkim_of(settings: Settings) -> Dkim | None:
    """What signs mails; None: nothing does. Raises `BrokenProject`."""
    named = settings.dkim.keys
    if not named:
        return None
    try:
        keys = [read_key(selector, secret(key)) for selector, key in named.items()]
    except KeyFault as fault:
        raise BrokenProject(f"`dkim.keys`: {fault}") from None
    return Dkim(settings.dkim.domain or settings.sender.address.rpartition("@")[2], keys)
