"""The folder in which the mailbox keeps its mails: read from either end, whole mails only, one writer."""

import os
from pathlib import Path

import pytest

from virta.mailbox import mails, newest
from virta.mailbox.framing import START, mail_file
from virta.mailbox.reader import NoMailbox, mails_backwards
from virta.mailbox.store import MailboxInUse, Store


def filled(folder: Path) -> list[int]:
    """Three mails, two of them to Anna; their positions."""
    store = Store(folder, clock=iter(range(1_000, 2_000)).__next__)
    positions = [
        store.append("a@example.com", ["anna@example.com"], b"Subject: first\r\n\r\n"),
        store.append("a@example.com", ["bert@example.com"], b"Subject: second\r\n\r\n"),
        store.append("", ["cilla@example.com", "Anna@Example.com"], b"Subject: third\r\n\r\nmail" * 50),
    ]
    store.close()
    return positions


def test_mails_are_read_in_order_from_any_position(tmp_path: Path) -> None:
    """`end` is where to go on; nothing comes from an empty or missing folder."""
    assert list(mails(tmp_path)) == []
    positions = filled(tmp_path)
    everything = list(mails(tmp_path))
    assert [(mail.position, mail.received_at) for mail in everything] == list(
        zip(positions, (1_000, 1_001, 1_002), strict=True)
    )
    assert list(mails(tmp_path, after=everything[0].end)) == everything[1:]
    assert list(mails(tmp_path, after=everything[-1].end)) == []
    assert list(mails_backwards(tmp_path)) == everything[::-1]


def test_the_newest_mail_to_an_address_is_found(tmp_path: Path) -> None:
    """Whatever the case; among several recipients too."""
    filled(tmp_path)
    found = newest(tmp_path, "ANNA@example.com")
    assert found is not None
    assert found.subject == "third"
    assert newest(tmp_path, "dora@example.com") is None


def test_a_record_cut_anywhere_is_no_mail_and_hides_no_other(tmp_path: Path) -> None:
    """Reading forwards, backwards and opening again all give the whole mails before it."""
    third = filled(tmp_path)[2]
    path = mail_file(tmp_path)
    whole = path.read_bytes()
    for cut in range(third, len(whole)):
        os.truncate(path, cut)
        assert [mail.subject for mail in mails(tmp_path)] == ["first", "second"]
        assert [mail.subject for mail in mails_backwards(tmp_path)] == ["second", "first"]
        path.write_bytes(whole)
    os.truncate(path, len(whole) - 1)
    store = Store(tmp_path, clock=lambda: 5_000)
    assert store.append("", ["dora@example.com"], b"Subject: fourth\r\n\r\n") == third
    store.close()
    assert [mail.subject for mail in mails(tmp_path)] == ["first", "second", "fourth"]


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    """A second one is told; after the first has closed, it may."""
    store = Store(tmp_path, clock=lambda: 0)
    with pytest.raises(MailboxInUse):
        Store(tmp_path, clock=lambda: 0)
    store.close()
    Store(tmp_path, clock=lambda: 0).close()


def test_a_foreign_file_is_not_touched(tmp_path: Path) -> None:
    """Neither read as mails nor overwritten."""
    mail_file(tmp_path).write_bytes(b"x" * (START + 10))
    with pytest.raises(NoMailbox):
        list(mails(tmp_path))
    with pytest.raises(NoMailbox):
        Store(tmp_path, clock=lambda: 0)
    assert mail_file(tmp_path).read_bytes() == b"x" * (START + 10)
