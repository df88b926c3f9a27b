"""A file's content replaced at one stroke: whoever reads it sees the old one or the new one, never half."""

import contextlib
import os
import tempfile
from pathlib import Path


def replace_content(path: Path, content: bytes) -> None:
    """Put `content` in place of what the file holds, with the same rights and owner; a link stays a link, and
    what it leads to is replaced. Raises `OSError`; then the file is as it was.

    A file that nobody may write is not replaced, though its folder would allow it.
    """
    real = path.resolve(strict=True)
    before = real.stat()
    if not before.st_mode & 0o222 or not os.access(real, os.W_OK):
        raise PermissionError(None, "it is write-protected", str(path))
    descriptor, name = tempfile.mkstemp(prefix=f".{real.name[:100]}.", suffix=".part", dir=real.parent)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(descriptor, before.st_mode & 0o7777)
            if (os.geteuid(), os.getegid()) != (before.st_uid, before.st_gid):
                with contextlib.suppress(PermissionError):  # then the new file is ours, as after any editor
                    os.fchown(descriptor, before.st_uid, before.st_gid)
            os.fsync(descriptor)
        os.replace(name, real)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
    folder = os.open(real.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
