"""A mail server that only keeps what it gets: for the demo, for load and for tests.

It never sends anything on. `python -m virta.mailbox --port 2525 --folder mailbox` runs it; `start` runs it
from a program; `reader` looks into the folder, also while the server is writing.
"""

from virta.mailbox.reader import Mail, mails, newest
from virta.mailbox.running import MailboxFailed, Running, start

__all__ = ["Mail", "MailboxFailed", "Running", "mails", "newest", "start"]
