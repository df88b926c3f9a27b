"""`virta consent attest`: the controller signs how people of another system agreed."""

import os
import secrets
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from consent.proof import attestation
from virta.consent_door import log_name
from virta.importing.attestation import attest
from virta.settings import BrokenProject, read_settings, secret
from virta.wiring import wall_clock

_ENVIRONMENT = "env:VIRTA_ATTESTATION_KEY"


def attest_people(
    said: Annotated[Path | None, Parameter(help="The file that says how people agreed.")] = None,
    files: Annotated[
        tuple[Path, ...] | None, Parameter(help="All files of the import that it is about.")
    ] = None,
    *,
    key: Annotated[
        str, Parameter(help="The file with the controller's key, or env:NAME where a variable holds it.")
    ] = _ENVIRONMENT,
    out: Annotated[Path, Parameter(help="Where the signed note is written.")] = Path("attestation.note"),
    new_key: Annotated[
        Path | None, Parameter(help="Make a key of the controller's own instead, and write it there.")
    ] = None,
    folder: Annotated[Path, Parameter(help="The project that a new key is for.")] = Path(),
) -> int:
    """Sign what the controller says of people that are to be imported: a C2SP signed note, which `virta
    import --attestation` takes. It needs no project and no store: the key and the files, on any machine."""
    if new_key is not None:
        return _make(new_key, folder)
    if said is None or not files:
        raise BrokenProject("Say what is to be signed: virta consent attest ATTESTATION.toml FILE…")
    note = attest(said, files, _key(key), wall_clock())
    try:
        out.write_text(note, "utf-8")
    except OSError as fault:
        raise BrokenProject(f"{out} cannot be written: {fault.strerror}.") from None
    print(f"{out} attests it. Give it to `virta import --attestation {out}` with the same files.")
    return 0


def _make(path: Path, folder: Path) -> int:
    line = attestation.new_key(log_name(read_settings(folder.resolve())), secrets.token_bytes)
    public = attestation.public_half(line)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(line + "\n")
    except FileExistsError:
        raise BrokenProject(f"{path} is there already; a key is never written over.") from None
    except OSError as fault:
        raise BrokenProject(f"{path} cannot be written: {fault.strerror}.") from None
    project = attestation.project_of(public)
    print(
        f"{path} is the key by which the controller of {project} signs. The server does not need it: keep it "
        "where only they can read it.\n"
        "Write its public half into virta.toml, and apply:\n\n"
        f'[controller]\nattestation_key = "{public.line()}"'
    )
    return 0


def _key(named: str) -> str:
    if named.startswith("env:"):
        return secret(named)
    try:
        return Path(named).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise BrokenProject(f"The key file {named} cannot be read.") from None
