"""In which ways an export can fail to hold."""

from enum import IntEnum

from consent.errors import ConsentError


class Failure(IntEnum):
    """One exit code per kind of failure."""

    NOT_AUTHENTICATED = 3  # consistent, but no key was given to check the signature by
    UNREADABLE = 10  # no export, a part is missing, or a part differs from the manifest
    LEAF = 11  # a leaf is not canonical, has the wrong position, or belongs to another log
    ROOT = 12  # the leaves do not give the root of a checkpoint in the export
    SIGNATURE = 13  # a checkpoint is not signed by those who had to, or the key given is none of them
    HISTORY = 14  # the log does not begin with what an older checkpoint or receipt saw
    DECISIONS = 15  # decisions do not give the root of their batch, or claim a mail twice
    TRANSITION = 16  # a leaf leads where the table of states does not
    STOPPED = 17  # a mail was allowed without consent, or after a withdrawal
    KEPT_CHECKPOINT = 18  # what was kept cannot be read, is of another log, or signed by none of its keys
    NOTICE = 19  # words, rules or keys that leaves refer to are missing or were changed
    GAP = 20  # the key given was lost, and never vouched for those that sign now


class Failed(ConsentError):
    """The export does not hold; `failure` says in which way, the message where."""

    def __init__(self, failure: Failure, message: str) -> None:
        super().__init__(message)
        self.failure = failure
