"""In which ways an export can fail to hold."""

from enum import IntEnum

from consent.errors import ConsentError


class Failure(IntEnum):
    """One exit code per kind of failure."""

    NOT_AUTHENTICATED = 3  # consistent, but no key was given to check the signature by
    UNREADABLE = 10  # no export, a part is missing, or a part differs from the manifest
    LEAF = 11  # a leaf is not canonical, has the wrong position, or belongs to another log
    ROOT = 12  # the leaves do not give the root of the export's checkpoint
    SIGNATURE = 13  # the checkpoint is not signed by the key given
    HISTORY = 14  # the log does not begin with what an older checkpoint or receipt saw
    DECISIONS = 15  # decisions do not give the root of their batch, or claim a mail twice
    TRANSITION = 16  # a leaf leads where the table of states does not
    STOPPED = 17  # a mail was allowed without consent, or after a withdrawal
    WITNESS = 18  # the older checkpoint cannot be read, is of another log, or not signed by the key
    NOTICE = 19  # words or rules that leaves refer to are missing or were changed


class Failed(ConsentError):
    """The export does not hold; `failure` says in which way, the message where."""

    def __init__(self, failure: Failure, message: str) -> None:
        super().__init__(message)
        self.failure = failure
