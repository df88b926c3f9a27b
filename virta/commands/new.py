"""`virta new`: a project from nothing, ready to be served."""

import secrets
import shlex
import tempfile
import unicodedata
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from virta.disk_fault import disk_fault
from virta.keys import make_development_keys
from virta.settings import BrokenProject

_PLACEHOLDER = "PROJECT NAME"
_HIDDEN = {"gitignore": ".gitignore"}  # under its own name it would speak of Virta's own files
_NAMED_BY = "&' .-"
_LETTERS = ("L", "M", "N")
"""Categories of characters in names; marks are letters in many scripts."""
_LONGEST_NAME = 60
_SIGN_UP = "http://127.0.0.1:8025/signup"


def new(folder: Path) -> int:
    """Make a project: settings, a topic, a welcome flow, its mails and tests, and development keys.

    Parameters
    ----------
    folder
        Where it shall stand: a folder that is not there yet, or an empty one.
    """
    _refuse_what_is_there(folder)
    try:
        _write(folder)
    except OSError as fault:
        raise disk_fault(fault, folder, "written") from None
    place = shlex.quote(str(folder))
    print(
        f"{folder} is ready. Try it: check and test it, serve it and sign up at {_SIGN_UP}, read your mail."
    )
    print(f"  virta check {place}")
    print(f"  virta test {place}")
    print(f"  virta serve {place} --mailbox")
    print(f"  virta mailbox {place} --show text")
    return 0


def _write(folder: Path) -> None:
    """All files or none: on a full disk the folder stays empty, and the command can be given again."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=folder) as unfinished:
        place = Path(unfinished)
        for path, text in starter(project_name(folder)):
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_text(text, "utf-8")
        make_development_keys(place / "dev-keys.toml", secrets.token_bytes)
        for entry in sorted(place.iterdir()):
            entry.rename(folder / entry.name)


def starter(name: str) -> Iterator[tuple[str, str]]:
    """The files of a new project of that name: paths with `/`, and texts."""
    for path, file in _files(files("virta") / "starter", ""):
        yield _HIDDEN.get(path, path), file.read_text("utf-8").replace(_PLACEHOLDER, name)


def project_name(folder: Path) -> str:
    """The folder's name as one for people, which can stand anywhere in the files: `my-shop` is `My shop`."""
    written = unicodedata.normalize("NFC", folder.absolute().name.replace("-", " "))
    words = "".join(each if _is_of_names(each) else " " for each in written).split()
    name = " ".join(words)[:_LONGEST_NAME].strip(" .&'-")
    first = name[:1].upper()
    return f"{first if len(first) == 1 else name[:1]}{name[1:]}" if name else "My project"


def _is_of_names(character: str) -> bool:
    return character in _NAMED_BY or unicodedata.category(character).startswith(_LETTERS)


def _files(folder: Traversable, above: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.is_dir():
            yield from _files(entry, f"{above}{entry.name}/")
        else:
            yield above + entry.name, entry


def _refuse_what_is_there(folder: Path) -> None:
    try:
        there = sorted(entry.name for entry in folder.iterdir())
    except FileNotFoundError:
        return
    except NotADirectoryError:
        raise BrokenProject(
            f"{folder} is a file; name a folder that is not there yet, or an empty one."
        ) from None
    except OSError as fault:
        raise BrokenProject(f"{folder} cannot be read: {fault.strerror}.") from None
    if there:
        raise BrokenProject(
            f"{folder} is not empty: it holds {there[0]}. "
            "Name a folder that is not there yet, or an empty one."
        )
