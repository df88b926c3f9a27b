"""Archives, keys, notes, leaves and what people kept, for the second verifier: from docs/proof-format.md."""

import base64
import email
import email.header
import hashlib
import json
import re
import zipfile

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

PARTS = [
    "checkpoint",
    "checkpoints.jsonl",
    "decisions.jsonl",
    "keys",
    "leaves.jsonl",
    "policies.jsonl",
    "purposes.jsonl",
]
MANIFEST = ["at", "decisions", "files", "format", "leaves", "log", "v"]

NUMBERS = ("v", "seq", "at")
TEXTS = ("log", "type", "subject", "purpose", "channel", "from", "to", "notice", "actor", "evidence")
HASH, ID = "[0-9a-f]{64}", "[0-9a-f]{32}"
SHAPES = {"channel": "|email", "subject": f"|{ID}", "notice": f"|{HASH}", "evidence": f"|{HASH}"}
MORE = {
    "decisions": {"batch": {"count": int, "root": HASH}},
    "decisions.expired": {"expired": {"before": int, "months": int}},
    "merged": {"into": ID},
}


def need(condition, words):
    if not condition:
        raise SystemExit(words)


def sha(data):
    return hashlib.sha256(data).digest()


def canonical(value):
    """RFC 8785 for objects of strings, integers and such objects."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.encode()


def lines_of(data):
    """The lines of a part; the last one ends too."""
    need(data == b"" or data.endswith(b"\n"), "lines")
    return data.split(b"\n")[:-1]


def raw_of(text):
    """The bytes of a text in Base64, which has one spelling."""
    raw = base64.b64decode(text, validate=True)
    need(base64.b64encode(raw).decode() == text, "base64")
    return raw


def once(pairs):
    """An object that has each member once."""
    need(len(dict(pairs)) == len(pairs), "manifest")
    return dict(pairs)


def unpack(file):
    """The parts of an export and its manifest, which fit each other."""
    with zipfile.ZipFile(file) as archive:
        names = sorted(archive.namelist())
        need(names == sorted([*PARTS, "manifest.json"]), "parts")
        parts = {name: archive.read(name) for name in names}
    manifest = json.loads(parts.pop("manifest.json"), object_pairs_hook=once)
    need(sorted(manifest) == MANIFEST and manifest["format"] == "virta-consent-export", "manifest")
    need(all(type(manifest[name]) is int for name in ("at", "decisions", "leaves", "v")), "manifest")
    need(manifest["v"] == 1, "manifest")
    need(manifest["files"] == {name: sha(data).hex() for name, data in parts.items()}, "manifest")
    return parts, manifest


def key_of(line):
    """Name, id and public key of a verifier key line."""
    name, key_id, text = line.split("+", 2)
    raw = raw_of(text)
    need(len(raw) == 33 and raw[0] == 1 and name, "key")
    need(sha(name.encode() + b"\n" + raw)[:4].hex() == key_id, "key")
    return name, key_id, raw[1:]


def signers(note, keys):
    """Those of `keys` that have signed a note. One whose signature does not hold makes it worthless."""
    text, _, tail = note.rpartition("\n\n")
    need(tail.endswith("\n"), "note")
    found = set()
    for line in tail[:-1].split("\n"):
        dash, signer, signature = line.split(" ")
        need(dash == "—" and signer, "note")
        raw = raw_of(signature)
        for key in keys:
            name, key_id, public = key_of(key)
            if (signer, raw[:4].hex()) == (name, key_id):
                try:
                    Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], (text + "\n").encode())
                except InvalidSignature:
                    need(False, "signature")
                found.add(key)
    return found


def open_note(note):
    """Origin, size and root of a signed note."""
    origin, size, root = note.split("\n")[:3]
    need(origin and str(int(size)) == size and len(raw_of(root)) == 32, "note")
    return origin, int(size), raw_of(root)


def climb(found, index, size, path):
    """RFC 9162 2.1.3.2: the root that a path leads to."""
    last = size - 1
    for step in path:
        need(last > 0, "proof")
        if index % 2 or index == last:
            found = sha(b"\x01" + step + found)
            while index % 2 == 0 and index:
                index, last = index // 2, last // 2
        else:
            found = sha(b"\x01" + found + step)
        index, last = index // 2, last // 2
    need(last == 0, "proof")
    return found


def open_proof(text):
    """The leaf's bytes and position, the path and the note in a file of C2SP tlog-proof."""
    head, _, note = text.partition("\n\n")
    _, extra, place, *path = head.split("\n")
    return raw_of(extra.split(" ")[1]), int(place.split(" ")[1]), [raw_of(step) for step in path], note


def check_path(line, index, path, note):
    """The path leads from the leaf to the note's root."""
    _, size, root = open_note(note)
    need(index < size, "proof")
    need(climb(sha(b"\x00" + line), index, size, path) == root, "proof")


def kept(text):
    """What somebody kept: the note, and what it says of one leaf, which is its position (-1: nothing), and
    what it tells of it: subject and type, or its bytes."""
    pasted = text.replace("\r\n", "\n").strip()  # copying loses and adds blanks
    if pasted.startswith("{"):
        receipt = json.loads(text)
        return receipt["checkpoint"], receipt["leaf"], (receipt["subject"], receipt["type"])
    if pasted.startswith("c2sp.org/"):
        line, place, path, note = open_proof(pasted + "\n")
        check_path(line, place, path, note)
        return note, place, line
    header = email.message_from_string(text)["Consent-Checkpoint"]
    if header is None:
        return f"{pasted}\n", -1, None
    pieces = email.header.decode_header(header)
    whole = "".join(one if isinstance(one, str) else one.decode() for one, _ in pieces)
    return base64.b64decode("".join(whole.split())).decode(), -1, None


def check_form(leaf):
    """The members that a leaf has to have, each of its form."""
    more = MORE.get(leaf["type"], {})
    need(leaf.keys() == {*NUMBERS, *TEXTS, *more}, "leaf")
    need(all(type(leaf[name]) is int and leaf[name] >= 0 for name in NUMBERS), "leaf")
    need(all(isinstance(leaf[name], str) for name in TEXTS), "leaf")
    shapes = {name: leaf[name] for name in SHAPES}
    need(all(re.fullmatch(SHAPES[name], text) for name, text in shapes.items()), "leaf")
    need(leaf["v"] == 1 and (leaf["channel"] == "email") == (leaf["subject"] != ""), "leaf")
    for name, shape in more.items():
        whole = leaf[name] if isinstance(shape, dict) else {"": leaf[name]}
        parts = shape if isinstance(shape, dict) else {"": shape}
        need(isinstance(whole, dict) and whole.keys() == parts.keys(), "leaf")
        for part, form in parts.items():
            if form is int:
                need(type(whole[part]) is int and whole[part] >= 0, "leaf")
            else:
                need(isinstance(whole[part], str) and re.fullmatch(form, whole[part]), "leaf")
