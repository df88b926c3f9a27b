"""What a DKIM signature costs in CPU, beside dkimpy's: a mail of 18 kB, best of seven rounds in turns.

python bench/signing.py
"""

import base64
import time
from collections.abc import Callable

import dkim as dkimpy
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from engine.mail.dkim import Dkim, read_key
from engine.mail.message import Letter, build, wire

_DOMAIN, _ROUNDS = "shop.example", 7
_HTML = (
    "<table>\n  <tr><td style='color:#333'>Sveiki, Anna! Jauna kafija ir klāt.</td></tr>\n</table>\n" * 175
)
_PERMITTED = (
    ("List-Unsubscribe", "<https://mail.shop.example/u/abc>"),
    ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ("Consent-Checkpoint", "a" * 300),
)


def main() -> None:
    """Print the microseconds of CPU a mail."""
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    by_rsa = read_key("rsa", pem.decode())
    by_ed25519 = read_key("ed", base64.b64encode(bytes(range(32))).decode())
    message = build(
        "0" * 32, Letter("Jauna kafija", _HTML, "Sveiki\n" * 50, "a@shop.example"), _DOMAIN, 0, True
    )
    data = wire(message, "anna@example.com", _PERMITTED)
    ways: dict[str, tuple[int, Callable[[], object]]] = {
        "the key's own work, RSA": (100, lambda: by_rsa.sign(data[:800])),
        "RSA": (100, lambda: Dkim(_DOMAIN, [by_rsa]).header(data, 0)),
        "Ed25519": (200, lambda: Dkim(_DOMAIN, [by_ed25519]).header(data, 0)),
        "RSA, dkimpy": (5, lambda: dkimpy.sign(data, b"rsa", _DOMAIN.encode(), pem)),
    }
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(_ROUNDS):
        for name, (count, way) in ways.items():
            begun = time.process_time()
            for _ in range(count):
                way()
            best[name] = min(best[name], (time.process_time() - begun) / count)
    print(f"{len(data):,} bytes")
    for name, seconds in best.items():
        print(f"{seconds * 1e6:8,.0f} us  {name}")


if __name__ == "__main__":
    main()
