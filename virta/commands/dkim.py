"""`virta dkim`: what the DNS must say of the keys that sign mails, and a new key."""

import base64
import json
from pathlib import Path
from typing import Annotated

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cyclopts import Parameter

from engine.mail.dkim import KeyFault, SigningKey, read_key
from virta.commands.consent_opening import Folder, Format
from virta.mailing import dkim_of
from virta.settings import BrokenProject, Settings, read_settings

_BITS = 2048  # what fits one answer of the DNS over UDP; each more costs, and no receiver asks for it


def records(
    folder: Folder = Path(),
    *,
    new: Annotated[
        str, Parameter(help="Make a key for this selector, as in virta1, and say where it belongs.")
    ] = "",
    output: Format = "text",
) -> int:
    """Print the TXT record of each selector under `[dkim]`, for the DNS of the domain."""
    settings = read_settings(folder.resolve())
    if new:
        return _make(settings, new, output)
    signer = dkim_of(settings)
    if signer is None:
        raise BrokenProject(
            "virta.toml names no key under [dkim], so mails go unsigned, unless the mail server signs them. "
            "`virta dkim --new virta1` makes one."
        )
    found = [(_name(key.selector, signer.domain), key.record) for key in signer.keys]
    if output == "json":
        print(
            json.dumps({"records": [{"name": name, "type": "TXT", "value": value} for name, value in found]})
        )
        return 0
    for name, value in found:
        _print(name, value)
    return 0


def _make(settings: Settings, selector: str, output: str) -> int:
    secret = _fresh()
    try:
        key: SigningKey = read_key(selector, secret)
    except KeyFault as fault:
        raise BrokenProject(str(fault)) from None
    if selector in settings.dkim.keys:
        raise BrokenProject(
            f"virta.toml has a key for the selector `{selector}` already. Take another name for a new key: "
            "mails that are under way are verified by the old one."
        )
    domain = settings.dkim.domain or settings.sender.address.rpartition("@")[2]
    variable = f"VIRTA_DKIM_{selector.upper().replace('-', '_').replace('.', '_')}"
    name = _name(selector, domain)
    if output == "json":
        record = {"name": name, "type": "TXT", "value": key.record}
        print(json.dumps({"variable": variable, "key": secret, "record": record}))
        return 0
    print(f"{variable}={secret}\n")
    print(
        "1. Put that line into the environment of `virta serve` and `virta serve consent`. It is the key:\n"
        "   whoever has it can sign mails in your name."
    )
    print("2. Publish this record:\n")
    _print(name, key.record)
    print("\n3. Once the DNS answers with it, write into virta.toml, and start Virta anew:\n")
    print(f'    [dkim.keys]\n    {_quoted(selector)} = "env:{variable}"')
    return 0


def _fresh() -> str:
    """A private key as one line: Base64 of its DER."""
    made = rsa.generate_private_key(65537, _BITS)
    return base64.b64encode(made.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode()


def _name(selector: str, domain: str) -> str:
    return f"{selector}._domainkey.{domain}"


def _print(name: str, value: str) -> None:
    """As a zone file has it: no string of a TXT record is longer than 255 bytes (RFC 6376 3.6.2.2)."""
    parts = " ".join(f'"{value[start : start + 250]}"' for start in range(0, len(value), 250))
    print(f"{name}. TXT ( {parts} )")


def _quoted(selector: str) -> str:
    return f'"{selector}"' if "." in selector else selector
