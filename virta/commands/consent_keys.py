"""`virta consent keys`: the public keys of the log."""

import json
from pathlib import Path

from virta.commands.consent_opening import Folder, Format, reading


def keys(folder: Folder = Path(), *, output: Format = "text") -> int:
    """Print the log's public keys, a C2SP verifier key line each: what `virta consent verify --key` takes."""
    with reading(folder) as service:
        lines = [service.parts.signer.key().line()]
    print(json.dumps({"keys": lines}) if output == "json" else "\n".join(lines))
    return 0
