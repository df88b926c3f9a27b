"""The controller of a stall, with a key of their own: what they say becomes a signed note."""

from pathlib import Path

from virta.command import run

KEY = "controller.key"


def keyed(stall: Path) -> Path:
    """The controller's key, made by the command; its public half stands in the settings."""
    path = stall.parent / KEY
    if not path.exists():
        assert run(["consent", "attest", "--new-key", str(path), "--folder", str(stall)]) == 0
        settings = stall / "virta.toml"
        text = settings.read_text("utf-8")
        settings.write_text(text.replace("[controller]", f"[controller]\n{public_line(path)}", 1), "utf-8")
    return path


def public_line(key: Path) -> str:
    """The line of virta.toml for a private key."""
    from consent.proof.attestation import public_half

    return f'attestation_key = "{public_half(key.read_text("utf-8")).line()}"'


def attested(stall: Path, said: str, *files: object, product: str = "mailchimp") -> Path:
    """The note in which the controller says so of these files of a product's, and further options."""
    key, words, note = keyed(stall), stall.parent / "attestation.toml", stall.parent / "attestation.note"
    words.write_text(said, "utf-8")
    command = [
        "consent",
        "attest",
        str(words),
        product,
        *map(str, files),
        "--key",
        str(key),
        "--out",
        str(note),
    ]
    assert run([*command, "--folder", str(stall)]) == 0
    return note
