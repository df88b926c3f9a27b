"""What can go wrong for an operator or a caller.

ConsentError
├── AlreadyOpen     another process writes to this store
├── NoStore         there is no store at that place
├── WrongKeys       the store was made with other keys
├── DamagedLog      the log does not continue what was signed before
├── SignerAway      nobody signs the log's checkpoints
└── BrokenExport    a file that is no export, checkpoint or receipt
"""


class ConsentError(Exception):
    """Any fault of this package that is not part of the contract."""


class AlreadyOpen(ConsentError):
    """Another process writes to this store; the message names it."""


class NoStore(ConsentError):
    """There is no store at that place."""


class WrongKeys(ConsentError):
    """The store was made with other keys; the message says which key differs."""


class DamagedLog(ConsentError):
    """The log is no extension of what was signed before; nothing more is signed."""


class SignerAway(ConsentError):
    """The process that signs the log's checkpoints does not answer; the message says where it was looked
    for."""


class BrokenExport(ConsentError):
    """A file that cannot be read as what it should be; the message says why."""
