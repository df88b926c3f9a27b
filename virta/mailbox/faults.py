"""Bad days of a mail server, for tests of those that send to it."""

from dataclasses import dataclass, field
from enum import Enum
from fnmatch import fnmatchcase


class AtDot(Enum):
    """What happens once a mail is stored and its final dot wants a reply."""

    ANSWER = "answer"
    HANG = "hang"  # no reply, the connection stays open
    DROP = "drop"  # no reply, the connection is closed


@dataclass(slots=True)
class Faults:
    """Shell patterns (`*@gone.example`) of recipients, lower case; an empty one matches nobody.

    `refuse` answers RCPT with 550, `defer` with 451, `defer_once` with 451 the first time only. `hang` and
    `drop` let a mail in, store it, and then keep silent or close the connection: the sender cannot know.
    `lose` closes the connection instead of storing. `delay` holds back every reply, in seconds.
    """

    refuse: str = ""
    defer: str = ""
    defer_once: str = ""
    hang: str = ""
    drop: str = ""
    lose: str = ""
    delay: float = 0
    _deferred: set[str] = field(default_factory=set)

    def recipient(self, address: str) -> bytes | None:
        """The reply that refuses this recipient, or None."""
        if not (self.refuse or self.defer or self.defer_once):
            return None
        address = address.lower()
        named = (
            b"<" + address.encode() + b">: "
        )  # as servers do, so that senders have to look after their logs
        if fnmatchcase(address, self.refuse):
            return b"550 5.1.1 " + named + b"nobody here by that name\r\n"
        if fnmatchcase(address, self.defer):
            return b"451 4.2.1 " + named + b"not now, try again later\r\n"
        if address not in self._deferred and fnmatchcase(address, self.defer_once):
            self._deferred.add(address)
            return b"451 4.7.1 We do not know you yet, try again\r\n"
        return None

    def stores(self, recipients: list[str]) -> bool:
        """Whether a mail to these is stored; if not, the connection breaks."""
        return not self._any(recipients, self.lose)

    def at_dot(self, recipients: list[str]) -> AtDot:
        """What the sender of a mail to these gets once it is stored."""
        if self._any(recipients, self.hang):
            return AtDot.HANG
        return AtDot.DROP if self._any(recipients, self.drop) else AtDot.ANSWER

    @staticmethod
    def _any(recipients: list[str], pattern: str) -> bool:
        return bool(pattern) and any(fnmatchcase(address.lower(), pattern) for address in recipients)
