"""`virta consent export`: the log, the decisions and the words in one file that proves itself."""

import json
import os
from pathlib import Path
from typing import Annotated, BinaryIO

from cyclopts import Parameter

from consent.export.archive import Exported, write_archive
from consent.ledger.transaction import Reading
from virta.commands.consent_opening import Folder, Format, reading
from virta.settings import BrokenProject


def _afresh(store: Reading, file: BinaryIO) -> Exported:
    file.seek(0)
    file.truncate()
    return write_archive(store, file)


def export(
    folder: Folder = Path(),
    *,
    out: Annotated[Path, Parameter(help="The zip file to write.")],
    output: Format = "text",
) -> int:
    """Write everything that an auditor needs to check the log without us. `virta consent verify` reads it."""
    # Written beside its place and then moved: nobody takes half a file for a whole one.
    part = out.with_name(out.name + ".part")
    with reading(folder) as service:
        try:
            with part.open("wb") as file:
                done = service.read_signed(lambda store: _afresh(store, file))
            os.replace(part, out)
        except OSError as fault:
            part.unlink(missing_ok=True)
            raise BrokenProject(f"{out} cannot be written: {fault.strerror}") from None
    if output == "json":
        body = {
            "file": str(out),
            "leaves": done.leaves,
            "decisions": done.decisions,
            "checkpoint": done.checkpoint,
        }
        print(json.dumps(body))
    else:
        print(f"{out}: {done.leaves} leaves, {done.decisions} decisions.")
    return 0
