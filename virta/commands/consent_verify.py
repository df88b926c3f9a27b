"""`virta consent verify`: check an export offline."""

import json
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from consent.errors import BrokenExport
from consent.proof.checkpoint import VerifierKey, read_verifier_key
from consent.proof.kept_checkpoint import KeptCheckpoint, read_kept_checkpoint
from consent.proof.leaf_proof import HEADING, verify_leaf
from consent.proof.verify import Failed, Failure, Verified
from consent.proof.verify import verify as check
from engine.insight.outside import one_line
from virta.commands.consent_opening import Format

_LONGEST_PROOF = 1 << 20


def verify(
    file: Annotated[
        Path, Parameter(help="What `virta consent export` wrote, or a proof by `consent show --proofs`.")
    ],
    *,
    key: Annotated[
        str | None, Parameter(help="The log's verifier key: the line, or a file that holds it.")
    ] = None,
    checkpoint: Annotated[
        Path | None, Parameter(help="What somebody kept: a signed note, a receipt, or a mail (.eml).")
    ] = None,
    output: Format = "text",
) -> int:
    """Check an export from its bytes alone. Exit codes: 0 it holds; 3 it is consistent, but nobody's
    signature was checked; 2 usage; from 10 on one for each kind of failure, see docs/proof-format.md."""
    try:
        known = _key(key)
        data = _proof(file)
        if data is not None:
            return _one_leaf(output, data, known)
        older = _read_kept(checkpoint)
        with file.open("rb") as opened:
            found = check(opened, known, older)
    except Failed as fault:
        return _tell(output, int(fault.failure), str(fault), None)
    except BrokenExport as fault:
        print(f"virta: {fault}", file=sys.stderr)
        return 2
    except OSError as fault:
        print(f"virta: {fault.filename} cannot be read: {fault.strerror}", file=sys.stderr)
        return 2
    except UnicodeDecodeError:
        print(f"virta: {key} holds no verifier key: it is no text.", file=sys.stderr)
        return 2
    if found.authenticated:
        return _tell(output, 0, _by_whom(found, known), found)
    return _tell(
        output,
        int(Failure.NOT_AUTHENTICATED),
        "Consistent, not authenticated: no --key was given, so anybody may have written it.",
        found,
    )


def _by_whom(found: Verified, known: VerifierKey | None) -> str:
    if known in found.signed_by:
        return "It holds, and its checkpoint is signed by the key given."
    now = ", ".join(one_line(key.line()) for key in found.signed_by)
    return (
        "It holds. The key given signs the log no more, and vouched for the one that signs its checkpoint: "
        f"{now}. Keep that one too."
    )


def _proof(path: Path) -> bytes | None:
    """The bytes of a file that proves one leaf; None: it is something else."""
    with path.open("rb") as file:
        begun = file.read(len(HEADING))
        return begun + file.read(_LONGEST_PROOF) if begun == HEADING else None


def _one_leaf(output: Format, data: bytes, key: VerifierKey | None) -> int:
    try:
        proof = verify_leaf(data, key)
    except BrokenExport as fault:
        raise Failed(Failure.UNREADABLE, str(fault)) from None
    code, says = 0, "It is in the log, and the checkpoint is signed by the key given."
    if key is None:
        code = int(Failure.NOT_AUTHENTICATED)
        says = "It leads to the checkpoint. No --key was given, so anybody may have written both."
    if output == "json":
        told = {"log": proof.checkpoint.origin, "leaf": json.loads(proof.line), "place": proof.place}
        print(json.dumps({"code": code, "message": says, **told}))
    else:
        print(f"{one_line(proof.checkpoint.origin)}, leaf {proof.place} of {proof.checkpoint.size}:")
        print(one_line(proof.line.decode()))
        print(says)
    return code


def _key(text: str | None) -> VerifierKey | None:
    if text is None:
        return None
    if "+" not in text:
        text = Path(text).read_text("utf-8")
    return read_verifier_key(text.split(maxsplit=1)[0] if text.split() else "")


def _read_kept(path: Path | None) -> KeptCheckpoint | None:
    if path is None:
        return None
    try:
        return read_kept_checkpoint(path.read_bytes())
    except BrokenExport as fault:
        raise Failed(Failure.KEPT_CHECKPOINT, f"{path} cannot be used: {fault}") from None


def _tell(output: Format, code: int, message: str, found: Verified | None) -> int:
    if output == "json":
        body: dict[str, object] = {"code": code, "message": message}
        if found is not None:
            body |= {
                "log": found.log,
                "leaves": found.leaves,
                "decisions": found.decisions,
                "root": found.root,
                "authenticated": found.authenticated,
                "checkpoint_leaves": found.older,
                "keys": found.keys,
                "gaps": found.gaps,
                "let_go": found.let_go,
                "let_go_before": found.let_go_before,
                "let_go_by": found.let_go_by,
                "let_go_after_months": found.let_go_after,
            }
        print(json.dumps(body))
        return code
    if found is not None:
        print(
            f"{one_line(found.log)}: {found.leaves} leaves, {found.decisions} decisions, root {found.root}."
        )
        if found.older is not None:
            print(f"It begins with the {found.older} leaves that the older checkpoint saw.")
        if found.let_go_by:
            print(
                f"{found.let_go} decisions of batches before leaf {found.let_go_before} are kept no longer, "
                f"as leaf {found.let_go_by} says: each was kept for {found.let_go_after} months at least. "
                "What they were cannot be told."
            )
        for gap in found.gaps:
            print(f"At leaf {gap} a key was given up as lost: nobody vouches for the one after it.")
    print(one_line(message))  # it may repeat what stands in a file of whoever it comes from
    return code
