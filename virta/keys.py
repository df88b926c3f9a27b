"""Where the keys come from: the environment, or a file of development keys. `docs/keys.md` says what each
does.

A key is 32 random bytes in Base64. All variables but `VIRTA_JOURNEY_KEY` may hold several, separated by
commas, the newest last: to the lists of peppers and link keys one is added, and none is dropped. That of
legal holds is wanted only where there is one."""

import base64
import binascii
import contextlib
import os
import tomllib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from consent.keys import Keys
from virta.settings import BrokenProject, Settings, secret

SIGNING = "log_signing"
CONSENT = (SIGNING, "master", "pepper", "link")
JOURNEY = "journey"
HOLD = "hold"
NAMES = (*CONSENT, JOURNEY, HOLD)
_HEADER = (
    "# Development keys. Virta refuses to serve with them in production. Keep them out of version control.\n"
)
_KEPT = "# The keys of a project, kept with its backup. Whoever has both has everything.\n"


@dataclass(frozen=True, slots=True)
class ProjectKeys:
    """The keys of the consent service, if they are here, and the engine's own: from which the keys of mails
    are made."""

    here: Keys | None
    journey: bytes = field(repr=False)

    @property
    def consent(self) -> Keys:
        """Those of the consent service. Raises `BrokenProject` where it is a process of its own."""
        if self.here is None:
            raise BrokenProject("The keys of the consent service are with its own process, not here.")
        return self.here


def read_keys(settings: Settings, folder: Path) -> ProjectKeys:
    """The keys that the project in `folder` names. Raises `BrokenProject`."""
    texts = _texts(settings, folder, (*_here(settings), JOURNEY, *_held(settings, folder)))
    return ProjectKeys(_consent(texts, signer_socket(settings, folder)), _journey(texts))


def read_consent_keys(settings: Settings, folder: Path) -> Keys:
    """The keys of the consent service alone, for a process that serves nothing else. Raises
    `BrokenProject`."""
    names = (*_here(settings), *_held(settings, folder))
    return _consent(_texts(settings, folder, names), signer_socket(settings, folder))


def read_signing_keys(settings: Settings, folder: Path) -> tuple[bytes, ...]:
    """The seeds of the keys that sign the log, newest last, for the process that does only that. Raises
    `BrokenProject`."""
    return _decoded(*_texts(settings, folder, (SIGNING,))[SIGNING])


def signer_socket(settings: Settings, folder: Path) -> Path | None:
    """The socket of the process that signs the log; None: this one does."""
    return (folder / settings.keys.signer).absolute() if settings.keys.signer else None


def _here(settings: Settings) -> tuple[str, ...]:
    return tuple(name for name in CONSENT if name != SIGNING or not settings.keys.signer)


def _held(settings: Settings, folder: Path) -> tuple[str, ...]:
    """The name of the hold key, where there is one."""
    if settings.keys.file:
        with contextlib.suppress(
            OSError, UnicodeDecodeError, tomllib.TOMLDecodeError
        ):  # told of by `_of_file`
            return (
                (HOLD,) if HOLD in tomllib.loads((folder / settings.keys.file).read_text("utf-8-sig")) else ()
            )
        return ()
    named = settings.keys.hold
    unset = named.startswith("env:") and not os.environ.get(named.removeprefix("env:"), "").strip()
    return () if unset or not named else (HOLD,)


def read_keys_apart(settings: Settings, folder: Path) -> ProjectKeys:
    """The engine's own key alone, for a process whose consent service is another one. Raises
    `BrokenProject`."""
    return ProjectKeys(None, _journey(_texts(settings, folder, (JOURNEY,))))


def _texts(settings: Settings, folder: Path, names: Sequence[str]) -> dict[str, tuple[str, str]]:
    if settings.keys.file:
        return _of_file(settings, folder / settings.keys.file, names)
    try:
        return {name: (secret(getattr(settings.keys, name)), _source(settings, name)) for name in names}
    except BrokenProject as fault:
        raise BrokenProject(f"{fault} docs/keys.md says how keys are made.{_easier(settings)}") from None


def read_or_make_keys(settings: Settings, folder: Path, entropy: Callable[[int], bytes]) -> ProjectKeys:
    """The same, for commands that run a project: in development a missing file of keys is made first."""
    make_missing_keys(settings, folder, entropy)
    return read_keys(settings, folder)


def make_missing_keys(settings: Settings, folder: Path, entropy: Callable[[int], bytes]) -> None:
    """In development, make the file of keys that the project names, unless it is there. Raises
    `BrokenProject`."""
    if settings.keys.file and settings.environment == "development":
        path = folder / settings.keys.file
        try:
            with contextlib.suppress(FileExistsError):
                make_development_keys(path, entropy)
        except OSError as fault:
            raise BrokenProject(
                f"The file of development keys {path} cannot be made: {fault.strerror}."
            ) from None


def make_development_keys(path: Path, entropy: Callable[[int], bytes]) -> None:
    """Write a file of fresh development keys that only its owner can read. Raises `FileExistsError`."""
    lines = [f'{name} = "{base64.b64encode(entropy(32)).decode()}"\n' for name in NAMES]
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(_HEADER + "".join(lines))


def keys_to_keep(settings: Settings, folder: Path, wanted: Collection[str] = NAMES) -> bytes:
    """The project's keys as a file of development keys has them, `wanted` of them: for a backup that holds
    them. Raises `BrokenProject`."""
    there = (*_here(settings), JOURNEY, *_held(settings, folder))
    names = [name for name in there if name in wanted]
    _texts(settings, folder, names)  # says what is missing
    if settings.keys.file:
        return (folder / settings.keys.file).read_bytes()
    lines = [f'{name} = "{secret(getattr(settings.keys, name))}"\n' for name in names]
    return "".join([_KEPT, *lines]).encode()


def _of_file(settings: Settings, path: Path, names: Sequence[str]) -> dict[str, tuple[str, str]]:
    if settings.environment == "production":
        raise BrokenProject(
            f'{path} holds development keys, and virta.toml says `environment = "production"`. '
            "Remove `file` under [keys] and set the environment variables that docs/keys.md names."
        )
    try:
        found = tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        raise BrokenProject(f"The file of development keys {path} is missing.") from None
    except OSError as fault:
        raise BrokenProject(f"The development keys {path} cannot be read: {fault.strerror}.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise BrokenProject(f"The file of development keys {path} is not valid TOML: {fault}.") from None
    for name in names:
        if not isinstance(found.get(name), str):
            raise BrokenProject(f"In {path} the key `{name}` is missing.")
    return {name: (found[name], f"`{name}` in {path}") for name in names}


def _consent(texts: dict[str, tuple[str, str]], signer: Path | None) -> Keys:
    found = {name: _decoded(*texts[name]) for name in (*CONSENT, HOLD) if name in texts}
    kept = (found["master"], found["pepper"], found["link"])
    return Keys(found.get(SIGNING, ()), *kept, signer, found.get(HOLD, ()))


def _journey(texts: dict[str, tuple[str, str]]) -> bytes:
    text, source = texts[JOURNEY]
    keys = _decoded(text, source)
    if len(keys) != 1:
        raise BrokenProject(f"{source} must hold exactly one key.")
    return keys[0]


def _decoded(text: str, source: str) -> tuple[bytes, ...]:
    decoded = []
    for part in text.split(","):
        try:
            key = base64.b64decode(part.strip(), validate=True)
        except (binascii.Error, ValueError):
            raise BrokenProject(f"{source} is not in Base64.") from None
        if len(key) != 32:
            raise BrokenProject(f"{source} must hold 32 bytes in Base64, not {len(key)}.")
        decoded.append(key)
    return tuple(decoded)


def _easier(settings: Settings) -> str:
    if settings.environment != "development":
        return ""
    return (
        ' In development write `file = "dev-keys.toml"` under [keys]: `virta serve` makes that file itself.'
    )


def _source(settings: Settings, name: str) -> str:
    value: str = getattr(settings.keys, name)
    # A key that stands in virta.toml itself must not be printed.
    return value.removeprefix("env:") if value.startswith("env:") else f"`{name}` under [keys] in virta.toml"
