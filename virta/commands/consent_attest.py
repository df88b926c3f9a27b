"""`virta consent attest`: the controller signs how people of another system agreed."""

import os
import secrets
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from cyclopts import Parameter

from consent.contract.imports import Stood
from consent.proof import attestation
from virta.consent_door import log_name
from virta.importing.formats.products import PRODUCTS
from virta.importing.order import Order, prepare
from virta.importing.signing import attest, read_said
from virta.project.folder import load_project
from virta.settings import BrokenProject, read_settings, secret
from virta.wiring import wall_clock

Product: TypeAlias = Literal["mailchimp", "klaviyo", "brevo", "listmonk", "csv"]
NoneThere: TypeAlias = Literal["unsubscribed", "bounced", "complained"]
_ENVIRONMENT = "env:VIRTA_ATTESTATION_KEY"


def attest_people(
    said: Annotated[Path | None, Parameter(help="The file that says how people agreed.")] = None,
    what: Annotated[
        Product | None, Parameter(help="Where the import's files come from; csv: any table.")
    ] = None,
    files: Annotated[
        tuple[Path, ...] | None, Parameter(help="All files of the import that it is about.")
    ] = None,
    *,
    map_: Annotated[
        tuple[str, ...] | None,
        Parameter(name="--map", help='What a column is, as in "First Name=first_name". May repeat.'),
    ] = None,
    unsubscribed: Annotated[
        tuple[Path, ...] | None, Parameter(help="A file of those who unsubscribed.")
    ] = None,
    bounced: Annotated[
        tuple[Path, ...] | None, Parameter(help="A file of those whose mail came back.")
    ] = None,
    complained: Annotated[
        tuple[Path, ...] | None, Parameter(help="A file of those who called it spam.")
    ] = None,
    none: Annotated[
        tuple[NoneThere, ...] | None, Parameter(help="There are none of these in the other system.")
    ] = None,
    skip_faulty: Annotated[
        bool, Parameter(negative="", help="Attest without the rows that cannot be read.")
    ] = False,
    encoding: Annotated[str, Parameter(help="How the files are written, as in windows-1257.")] = "",
    key: Annotated[
        str, Parameter(help="The file with the controller's key, or env:NAME where a variable holds it.")
    ] = _ENVIRONMENT,
    out: Annotated[Path, Parameter(help="Where the signed note is written.")] = Path("attestation.note"),
    new_key: Annotated[
        Path | None, Parameter(help="Make a key of the controller's own instead, and write it there.")
    ] = None,
    name: Annotated[
        str,
        Parameter(help="The log's name for --new-key, if it is not the one that virta.toml gives now."),
    ] = "",
    folder: Annotated[Path, Parameter(help="The project's folder.")] = Path(),
) -> int:
    """Sign what the controller says of people that are to be imported: a C2SP signed note, which `virta
    import --attestation` takes, of each row as that command will read it. It needs no store: the project's
    files, the key and the files of the import, on any machine."""
    if new_key is not None:
        return _make(new_key, name, folder)
    if said is None or what is None or not files:
        raise BrokenProject(
            f"Say what is to be signed: virta consent attest ATTESTATION.toml {'|'.join(PRODUCTS)} FILE…"
        )
    now = wall_clock()
    word, private = read_said(said, now), _key(key)
    settings, compiled = load_project(folder)
    if compiled.program is None:
        raise BrokenProject("The flows have errors; `virta check` shows them.")
    stopped = {
        Stood.UNSUBSCRIBED: unsubscribed or (),
        Stood.BOUNCED: bounced or (),
        Stood.COMPLAINED: complained or (),
    }
    there_are_none = tuple(map(Stood, none or ()))
    order = Order(what, files, stopped, there_are_none, map_ or (), word.topics, None, encoding)
    prepared = prepare(order, compiled.program, settings.controller, word.by, lambda count: None, now)
    note = attest(word, prepared, private, now, skip_faulty)
    try:
        out.write_text(note, "utf-8")
    except OSError as fault:
        raise BrokenProject(f"{out} cannot be written: {fault.strerror}.") from None
    print(f"{out} attests it. Give it to `virta import --attestation {out}` with the same files and options.")
    return 0


def _make(path: Path, name: str, folder: Path) -> int:
    settings = read_settings(folder.resolve())
    if any(sign.isspace() or sign == "+" for sign in name):
        raise BrokenProject(f"`{name}` names no log: a log's name has no blank and no plus sign.")
    line = attestation.new_key(name or log_name(settings), secrets.token_bytes)
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
        "Write its public half below `[controller]` in virta.toml, and apply:\n\n"
        f'attestation_key = "{public.line()}"'
    )
    return 0


def _key(named: str) -> str:
    if named.startswith("env:"):
        return secret(named)
    try:
        return Path(named).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise BrokenProject(f"The key file {named} cannot be read.") from None
