"""`virta serve signer`: whoever signs the log of consent, in a process of its own."""

import signal
from pathlib import Path
from typing import Annotated

import structlog
from cyclopts import Parameter

from consent.errors import ConsentError
from consent.ledger.checkpoint_signer import LocalSigner, SignerMemory
from consent.ledger.remote_signer import listen_at, serve_at_socket
from consent.proof.checkpoint import read_checkpoint, read_note
from virta.consent_door import log_name
from virta.keys import read_signing_keys, signer_socket
from virta.logs import set_up_logs
from virta.settings import BrokenProject, read_settings

log = structlog.get_logger("virta")


def serve_signer(
    folder: Annotated[Path, Parameter(help="The project's folder.")] = Path(),
    *,
    memory: Annotated[
        Path | None,
        Parameter(help="The file that remembers what was signed last. By default beside the socket."),
    ] = None,
    name: Annotated[
        str, Parameter(help="The log's name, if it is not the one that virta.toml gives now.")
    ] = "",
) -> int:
    """Sign the log's checkpoints for `virta serve`, at the socket that `[keys] signer` names: only such as
    continue what was signed before.

    It runs until it gets SIGTERM, or Ctrl-C."""
    set_up_logs()
    settings = read_settings(folder.resolve())
    socket_path = signer_socket(settings, folder)
    if socket_path is None:
        raise BrokenProject('virta.toml names no socket: write `signer = "run/signer.sock"` under [keys].')
    seeds = read_signing_keys(settings, folder)
    origin = name or log_name(settings)
    try:
        place = memory or socket_path.with_name(socket_path.name + ".signed")
        remembered = SignerMemory(place, LocalSigner(origin, seeds).public_keys())
    except ConsentError as fault:
        raise BrokenProject(str(fault)) from None
    except OSError as fault:
        raise BrokenProject(f"{fault.filename} cannot be used: {fault.strerror}.") from None
    try:
        _sign(LocalSigner(origin, seeds, remembered.note, remembered.keep), socket_path, place)
    finally:
        remembered.close()
    return 0


def _sign(signer: LocalSigner, path: Path, memory: Path) -> None:
    going = True

    def stop(_number: int, _frame: object) -> None:
        nonlocal going
        going = False

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    try:
        listener = listen_at(path)
    except OSError as fault:
        raise BrokenProject(f"Cannot listen at {path}: {fault.strerror}.") from None
    with listener:
        print(f"Signs at {path}, {_state(signer.last)}. It remembers in {memory}. Ctrl-C stops.", flush=True)
        for key in signer.public_keys():
            log.info("signing", key=key.line())
        serve_at_socket(signer, listener, lambda: going)
    path.unlink(missing_ok=True)


def _state(note: str) -> str:
    if not note:
        return "nothing yet"
    return f"{read_checkpoint(read_note(note).text).size} leaves so far"
