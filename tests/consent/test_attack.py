"""The worst case: the whole store and the signing key in an attacker's hands. What exposes them, and what
does not."""

import sys
from email.message import EmailMessage

import pytest
from attacker import rewrite
from kafija_log import ORIGIN
from tampered import Export

from consent.address import read_address
from consent.contract import Visit
from consent.errors import DamagedLog
from consent.proof.failure import Failure
from consent.subscriber.history import history
from virta.command import main

pytestmark = pytest.mark.anyio
ANNA = "anna@kafija.example"


@pytest.fixture
async def robbed(open_world, tmp_path):
    """A closed store: somebody joined, got a mail and kept it, left, and was denied a mail since."""
    world = open_world(tmp_path / "consent.db", durable=True)
    anna = await world.join(ANNA)
    await world.join("bob@kafija.example")
    world.clock.pass_(60_000)
    await world.sign_up("cecilia@kafija.example")
    await world.client.withdraw(world.unsubscribe_token(anna), "page", False, Visit())
    claimed = await world.send(world.ask(anna), world.ask(await world.subject("bob@kafija.example")))
    assert [denied.reason for denied in claimed.denied] == ["withdrawn"]
    [permit] = claimed.permits
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "hello@kafija.example", "bob@kafija.example", "News"
    for name, value in permit.headers:
        if name == "Consent-Checkpoint":
            mail[name] = value
    mail.set_content("Good morning.")
    (tmp_path / "kept.eml").write_bytes(bytes(mail))
    world.service.close()
    world.anna = anna
    return world


def exported(open_world, tmp_path, keys):
    """What the operator hands to an auditor now: the export and the key, in files."""
    world = open_world(tmp_path / "consent.db", keys=keys, durable=True)
    export = Export(world)
    (tmp_path / "proof.zip").write_bytes(export.file().getvalue())
    (tmp_path / "key").write_text(export.key.line())
    found = world.service.read(lambda reading: history(reading, read_address(ANNA)))
    world.service.close()
    return export, found


def verified(monkeypatch, *words):
    """The exit code of `virta consent verify`."""
    monkeypatch.setattr(sys, "argv", ["virta", "consent", "verify", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


async def test_one_mail_that_somebody_kept_exposes_a_history_written_anew(
    robbed, open_world, tmp_path, monkeypatch, capsys
):
    """Bob's mail, not even Anna's: it carries what the log had committed itself to. Exit code 14."""
    rewrite(tmp_path / "consent.db", robbed.anna, ORIGIN, robbed.keys.log_signing[0])
    export, found = exported(open_world, tmp_path, robbed.keys)
    assert [stands.state for stands in found.standings] == ["active"]
    assert not any(event.type == "withdrawn" for event in found.events)
    proof, key = tmp_path / "proof.zip", tmp_path / "key"
    code = verified(monkeypatch, proof, "--key", key, "--checkpoint", tmp_path / "kept.eml")
    assert code == Failure.HISTORY == 14
    assert "history was rewritten" in capsys.readouterr().out
    note = (tmp_path / "kept.eml").read_bytes()
    assert export.failure(older=note) is Failure.HISTORY


async def test_if_nobody_kept_anything_it_is_found_by_nobody(
    robbed, open_world, tmp_path, monkeypatch, capsys
):
    """The honest counter-case: store, exports and signature agree with each other, and both verifiers with
    them."""
    rewrite(tmp_path / "consent.db", robbed.anna, ORIGIN, robbed.keys.log_signing[0])
    export, _ = exported(open_world, tmp_path, robbed.keys)
    assert verified(monkeypatch, tmp_path / "proof.zip", "--key", tmp_path / "key") == 0
    assert "It holds" in capsys.readouterr().out
    assert export.second(tmp_path) == ""


async def test_what_was_kept_fits_the_true_history(robbed, open_world, tmp_path, monkeypatch):
    """It accuses nobody falsely."""
    exported(open_world, tmp_path, robbed.keys)
    words = (tmp_path / "proof.zip", "--key", tmp_path / "key", "--checkpoint", tmp_path / "kept.eml")
    assert verified(monkeypatch, *words) == 0


async def test_the_store_without_the_key_is_not_even_opened(robbed, open_world, tmp_path):
    """Whoever cannot sign leaves the old checkpoints, which do not fit."""
    rewrite(tmp_path / "consent.db", robbed.anna, ORIGIN)
    with pytest.raises(DamagedLog, match="signed last"):
        open_world(tmp_path / "consent.db", keys=robbed.keys, durable=True)
