"""What is kept as evidence and is no line of text: the mails as they were sent, the forms as they were shown,
and the receipts, as files."""

from collections.abc import Awaitable, Callable, Mapping

import msgspec

from consent.contract.history import History
from consent.subscriber.collected import SCHEMA
from consent.subscriber.given_out import mail_of


async def files_of(found: History, shown: Callable[[str], Awaitable[bytes | None]]) -> Mapping[str, bytes]:
    """What the evidence of a person names, by the names of files: mails (`leaf-N-TYPE.eml`, or its words
    in `leaf-N-TYPE.masked.txt` while a link in it still works), forms (`form-DIGEST.html`) and receipts
    (`leaf-N-receipt.json`). `shown` gives the bytes of a form by their digest."""
    files: dict[str, bytes] = {}
    forms = set()
    for event in found.events:
        kept = event.evidence or {}
        mail = mail_of(kept)
        if mail is not None:
            files[f"leaf-{event.leaf}-{event.type}.eml"] = mail
        elif "eml_masked" in kept:
            files[f"leaf-{event.leaf}-{event.type}.masked.txt"] = str(kept["eml_masked"]).encode()
        if kept.get("schema") == SCHEMA and kept["shown"]:
            forms.add(str(kept["shown"]))
    for digest in sorted(forms):
        page = await shown(digest)
        if page is not None:
            files[f"form-{digest}.html"] = page
    for receipt in found.receipts:
        files[f"leaf-{receipt.leaf}-receipt.json"] = msgspec.json.encode(receipt)
    return files
