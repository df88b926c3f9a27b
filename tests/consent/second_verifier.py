"""A second verifier, written from docs/proof-format.md alone. It shares no code with the first.

    python second_verifier.py EXPORT [KEY LINE] [WHAT SOMEBODY KEPT]
    python second_verifier.py PROOF [KEY LINE]

Standard library and `cryptography` only; it canonicalises JSON by itself, which is easy for what stands in an
export."""

import json
import re
import sys
import zipfile

from second_notes import (
    canonical,
    check_form,
    check_path,
    kept,
    key_of,
    lines_of,
    need,
    open_note,
    open_proof,
    sha,
    signers,
    unpack,
)

STOPPED = ("withdrawn", "objected")
GOING = ("active", "active (attested)", "soft_active")
HELD = (*GOING, "unproven", "stale", "terminated")
OTHERS = (*HELD, "none", "pending", "refused", "expired")


def to(after, *states):
    return dict.fromkeys(states, after)


def stay(*states):
    return {state: state for state in states}


ENDING = {
    "withdrawn": to("withdrawn", *OTHERS) | stay(*STOPPED),
    "objected": to("objected", *OTHERS) | stay(*STOPPED),
}
NEXT = {
    "requested": to("pending", "none", "pending", "refused", "expired") | stay(*STOPPED, *HELD),
    "confirmed": to("active", "pending", *STOPPED, *HELD),
    "renewed": to("active", "active", "active (attested)", "stale"),
    "refused": to("refused", "pending") | stay(*STOPPED),
    "expired": to("expired", "pending"),
    "soft_opt_in.recorded": to("soft_active", "none", "soft_active", "stale"),
    "imported": to("unproven", "none"),
    "imported.attested": to("active (attested)", "none", "unproven"),
    "import.undone": to("none", "unproven", "active (attested)"),
    "stale": to("stale", *GOING),
    "terminated": to("terminated", "pending", *GOING, "unproven", "stale"),
    "withdrawn": ENDING["withdrawn"],
    "objected": ENDING["objected"],
    "objected.profiling": ENDING["objected"],
}
HANDS = {
    "requested": ("subject", "system"),
    "confirmed": ("subject:link",),
    "renewed": ("subject:link",),
    "refused": ("subject:link",),
    "expired": ("system",),
    "soft_opt_in.recorded": ("shop", "operator"),
    "imported": ("import",),
    "imported.attested": ("import",),
    "import.undone": ("import",),
    "stale": ("system",),
    "terminated": ("system", "operator"),
}
ANYONE = ("subject", "flow", "operator", "provider", "import", "shop", "system")
OWN = ("withdrawn", "objected", "objected.profiling", "import.undone")
GRANTS = ("confirmed", "renewed", "soft_opt_in.recorded", "imported.attested")
FORGETS = ("erasure.done.backups", "proof.purged")
ENDS = ("stale", "terminated")
OF_ALL = ("complaint", "bounced.hard", "objected.marketing", "erasure.requested", "merged")
SAID = ("complaint", "objected.marketing")  # of stops of all purposes those that are of no mailbox
LAST = ("erasure.requested", "merged")
NO_RULES = {"purposes": [], "templates": []}
CLASSES = ("marketing", "service", "proof", "notice", "internal", "test")
RECORD = sorted(
    "attempt class consent_seq epoch key measured message_id policy purpose reason subject template topic v "
    "variant verdict".split()
)


def mth(hashes):
    """RFC 6962 2.1, by its recursion."""
    if len(hashes) < 2:
        return hashes[0] if hashes else sha(b"")
    half = 1
    while half * 2 < len(hashes):
        half *= 2
    return sha(b"\x01" + mth(hashes[:half]) + mth(hashes[half:]))


def check_keys(leaves, keys, notes, key):
    """Who has to sign each checkpoint, and whether the key given leads to those who signed the last."""
    by_hash = {sha(key_of(line)[2]).hex(): line for line in keys}
    need(len(by_hash) == len(keys) and key_of(keys[0])[0] == leaves[0]["log"], "keys")
    times = {}
    for leaf in leaves:
        named = leaf["notice"]
        if leaf["type"] in ("log.opened", "key.rotated"):
            need((leaf["type"] == "log.opened") == (leaf["seq"] == 0) and named not in times, "transition")
            times[named] = [leaf["seq"], len(leaves)]
        elif leaf["type"] in ("key.retired", "key.lost"):
            need(named in times and times[named][1] == len(leaves), "transition")
            times[named][1] = leaf["seq"]
    need(list(times) == list(by_hash), "keys")
    trusted, reached = {key}, False
    for note in notes:
        size = open_note(note)[1]
        signing = {by_hash[named] for named, (first, end) in times.items() if first < size <= end}
        need(signing and signing <= signers(note, keys), "signature")
        reached = bool(trusted & signing)
        if reached:
            trusted |= signing
    need(reached or not key, "gap" if key in keys else "signature")


def check_proof(text, key):
    """A single leaf, in a file of C2SP tlog-proof."""
    line, index, path, note = open_proof(text)
    leaf = json.loads(line)
    need(canonical(leaf) == line and leaf["seq"] == index and leaf["log"] == open_note(note)[0], "canonical")
    check_form(leaf)
    check_path(line, index, path, note)
    need(not key or (signers(note, [key]) and key_of(key)[0] == leaf["log"]), "signature")


def last(leaves, *types, purpose=None):
    """The position of the last leaf of these types, and of the purpose if there is one; -1."""
    found = [leaf["seq"] for leaf in leaves if leaf["type"] in types and purpose in (None, leaf["purpose"])]
    return found[-1] if found else -1


def silenced(mine):
    """The position of the last stop of all purposes that holds: that of an old mailbox does not."""
    moved = last(mine, "address.changed")
    return last([leaf for leaf in mine if leaf["type"] != "bounced.hard" or leaf["seq"] > moved], *OF_ALL)


def check_merge(merged, mine, into):
    """Whoever takes another in has stopped before what that one had stopped."""
    need(
        merged["actor"].partition(":")[0] in ("operator", "shop") or merged["actor"] == "subject:link", "hand"
    )
    need(merged["into"] not in ("", merged["subject"]), "merge")
    need(not any(leaf["type"] in LAST for leaf in into), "merge")
    stood = {leaf["purpose"]: leaf["to"] for leaf in mine if leaf["type"] in NEXT}
    stands = {leaf["purpose"]: leaf["to"] for leaf in into if leaf["type"] in NEXT}
    need(all(stands.get(one) in STOPPED for one, state in stood.items() if state in STOPPED), "merge")
    stop = last(mine, *SAID)
    words = last(into, "confirmed", "renewed")
    going = [one for one, state in stands.items() if state in GOING]
    if stop > words or any(last(into, *GRANTS, purpose=one) < stop for one in going):
        need(last(into, *SAID) >= stop, "merge")
    if last(mine, "restricted") > last(mine, "restriction.lifted"):
        need(last(into, "restricted") > last(into, "restriction.lifted"), "merge")


def agreed(mine, purpose):
    """Whether the person whose leaves these are agrees to a purpose."""
    end = max(last(mine, *OWN, *ENDS, purpose=purpose), silenced(mine))
    return last(mine, "confirmed", "renewed", "imported.attested", purpose=purpose) > end


def may_rest(one, mine, basis):
    """The leaf that a marketing mail rests on, and what may not lie behind it."""
    found = [leaf for leaf in mine if leaf["seq"] == one["consent_seq"]]
    need(len(found) == 1 and found[0]["type"] in GRANTS, "consent")
    [consent] = found
    need(consent["type"] != "soft_opt_in.recorded" or basis == "soft_opt_in", "consent")
    need(consent["purpose"] == one["topic"] and consent["notice"] == one["purpose"], "consent")
    need(last(mine, *OWN, *ENDS, purpose=one["topic"]) < consent["seq"], "withdrawn")
    by_word = consent["type"] in ("confirmed", "renewed")
    word = consent["seq"] if by_word else last(mine, "confirmed")
    need(silenced(mine) <= word, "withdrawn")


def may_tell(one, before, told):
    """That a hold stands on the person or on somebody who is part of them, and is told of once."""
    whole = {one["subject"]}
    for leaf in reversed(before):
        if leaf["type"] == "merged" and leaf["into"] in whole:
            whole.add(leaf["subject"])
    told.add((one["subject"], one["key"]))
    each = [[leaf for leaf in before if leaf["subject"] == who] for who in whole]
    placed = sum(leaf["type"] == "hold.placed" for mine in each for leaf in mine)
    need(len({key for who, key in told if who in whole}) <= placed, "notice")
    stands = [last(mine, "hold.placed") > last(mine, "hold.lifted", "hold.ended") for mine in each]
    need(any(stands), "notice")


def may(one, mine, policy, proofs):
    """What a record may allow, going by its policy and by the person's leaves before it."""
    marketing, service = one["class"] == "marketing", one["class"] == "service"
    purpose = next((each for each in policy["purposes"] if each["topic"] == one["topic"]), {"basis": ""})
    template = next((each for each in policy["templates"] if each["digest"] == one["template"]), {})
    if marketing or service:
        need(last(mine, "restricted") <= last(mine, "restriction.lifted"), "restricted")
    if marketing:
        need(purpose["basis"] in ("consent", "soft_opt_in"), "basis")
        may_rest(one, mine, purpose["basis"])
        need(one["topic"] not in ("personalisation", "measurement"), "basis")
        need(template.get("unsubscribe") is True and template.get("imprint") is True, "template")
    elif service:
        need(purpose["basis"] in ("contract", "legal_obligation"), "basis")
        need(one["purpose"] == sha(canonical(purpose)).hex() and one["consent_seq"] == 0, "basis")
        need(template.get("promotional") is False, "template")
        need(last(mine, "bounced.hard") <= last(mine, "confirmed", "address.changed"), "bounced")
    else:
        need(one["purpose"] == "" and one["consent_seq"] == 0, "basis")
    if one["class"] == "proof":
        keys = proofs.setdefault(one["subject"], set())
        keys.add(one["key"])
        need(len(keys) <= sum(leaf["type"] == "proof_mail.queued" for leaf in mine), "proof")
        need(last(mine, "proof_mail.queued") >= last(mine, *OF_ALL), "proof")
    if one["variant"] != "plain":
        need(one["variant"] == "personalised" and marketing and agreed(mine, "personalisation"), "beside")
    if one["measured"] is not False:
        need(one["measured"] is True and (marketing or service) and agreed(mine, "measurement"), "beside")


MEMBERS = {*"v log seq at type subject purpose channel from to notice actor evidence".split()}
BESIDE = {"decisions": "batch", "decisions.expired": "expired", "merged": "into"}
HEX = {"subject": 32, "notice": 64, "evidence": 64}


def let_go(leaves):
    """The position before which decisions may be gone, which were old by then; 0: none may."""
    limit = 0
    for leaf in leaves:
        if leaf["type"] == "decisions.expired":
            before, months = leaf["expired"]["before"], leaf["expired"]["months"]
            need(limit <= before <= leaf["seq"] and months >= 12, "expired")
            then = min(each["at"] for each in leaves[leaf["seq"] :])
            of_batches = [each["seq"] for each in leaves[limit:before] if each["type"] == "decisions"]
            old = [max(each["at"] for each in leaves[: seq + 1]) for seq in of_batches]
            need(all(then - at >= months * 28 * 86_400_000 for at in old), "expired")
            limit = before
    return limit


def check_kept(text, origin, lines, hashes, keys):
    """What somebody kept: the log begins with it, and has the leaf that it tells of."""
    note, place, told = kept(text)
    old_origin, old_size, old_root = open_note(note)
    need(old_origin == origin and signers(note, keys), "kept checkpoint")
    need(old_size <= len(hashes) and mth(hashes[:old_size]) == old_root, "history")
    if place >= 0:
        need(place < len(lines), "history")
        leaf = json.loads(lines[place])
        need(told in (lines[place], (leaf["subject"], leaf["type"])), "history")


def check(file, key="", older=""):
    """Stop with a word for what is wrong; return normally if the export holds."""
    if not zipfile.is_zipfile(file):
        with open(file, encoding="utf-8") as proof:
            return check_proof(proof.read(), key)
    parts, manifest = unpack(file)
    keys = [line.decode() for line in lines_of(parts["keys"])]
    need(not key or key in keys, "signature")
    newest = parts["checkpoint"].decode()
    notes = [json.loads(line)["note"] for line in lines_of(parts["checkpoints.jsonl"])]
    need([canonical({"note": note}) for note in notes] == lines_of(parts["checkpoints.jsonl"]), "canonical")
    notes.append(newest)
    origin, size, root = open_note(newest)
    sizes = [open_note(note)[1] for note in notes]
    need(sizes == sorted(set(sizes)) and sizes[0] > 0, "checkpoints")
    need(origin == manifest["log"], "origin")
    lines = lines_of(parts["leaves.jsonl"])
    leaves = [json.loads(line) for line in lines]
    need(all(canonical(leaf) == line for leaf, line in zip(leaves, lines, strict=True)), "canonical")
    for leaf in leaves:
        check_form(leaf)
    need(size == len(leaves) and [leaf["seq"] for leaf in leaves] == list(range(size)), "sequence")
    need(all(leaf["log"] == origin for leaf in leaves), "origin")
    need(manifest["leaves"] == size, "manifest")
    hashes = [sha(b"\x00" + line) for line in lines]
    need(mth(hashes) == root, "root")
    for note in notes:
        need(open_note(note)[0] == origin, "origin")
        need(mth(hashes[: open_note(note)[1]]) == open_note(note)[2], "root")
    check_keys(leaves, keys, notes, key)
    if older:
        check_kept(older, origin, lines, hashes, keys)

    state, asked, granted, stops, erased, published = {}, {}, {}, [], {}, set()
    held = set()
    for leaf in leaves:
        if leaf["type"] == "purpose.version":
            published.add((leaf["purpose"], leaf["notice"]))
        who = leaf["subject"], leaf["purpose"]
        if leaf["type"] not in NEXT:
            need(leaf["from"] == leaf["to"] == "", "transition")
            if leaf["type"] in OF_ALL:
                stops.append((leaf["seq"], leaf["subject"], ""))
            if leaf["type"] in FORGETS:
                need(leaf["subject"] not in held, "transition")
            if leaf["type"].startswith("hold."):
                first = leaf["type"] == "hold.placed" and leaf["subject"] not in erased
                need(first or leaf["subject"] in held, "transition")
                held.add(leaf["subject"])
                if leaf["type"] in ("hold.lifted", "hold.ended"):
                    held.discard(leaf["subject"])
            if leaf["type"] in LAST:
                need(leaf["subject"] not in erased, "transition")
                erased[leaf["subject"]] = leaf["seq"]
            if leaf["type"] == "merged":
                before = leaves[: leaf["seq"]]
                each = [[one for one in before if one["subject"] == leaf[who]] for who in ("subject", "into")]
                check_merge(leaf, *each)
            if leaf["type"] == "address.changed":
                behind = leaves[leaf["seq"] - 1]
                need(behind["type"] == "merged" and behind["into"] == leaf["subject"], "address")
                need(leaf["actor"] == behind["actor"] == "subject:link", "address")
                asked_by = [
                    one["subject"] for one in leaves[: leaf["seq"]] if one["type"] == "proof_mail.queued"
                ]
                need(behind["subject"] in asked_by, "address")
            continue
        need(leaf["subject"] not in erased, "transition")
        need(leaf["from"] == state.get(who, "none"), "transition")
        need(NEXT[leaf["type"]].get(leaf["from"]) == leaf["to"], "transition")
        hands = HANDS.get(leaf["type"], ANYONE)
        need(leaf["actor"] in hands or leaf["actor"].partition(":")[0] in hands, "hand")
        state[who] = leaf["to"]
        if leaf["type"] == "requested":
            asked[who] = leaf["seq"]
        if leaf["type"] in OWN:
            stops.append((leaf["seq"], *who))
        if leaf["type"] in GRANTS:
            own = [seq for seq, *whom in stops if tuple(whom) == who]
            stop = max([*own, silenced([one for one in leaves[: leaf["seq"]] if one["subject"] == who[0]])])
            word = {"confirmed": asked, "renewed": granted}.get(leaf["type"])
            need(word is None or word.get(who, -1) > stop, "transition")
            need((leaf["purpose"], leaf["notice"]) in published, "words")
            granted[who] = leaf["seq"]

    words = {sha(line).hex(): json.loads(line) for line in lines_of(parts["purposes.jsonl"])}
    need(all(version in words and words[version]["topic"] == topic for topic, version in published), "words")
    rules = {sha(line).hex(): json.loads(line) for line in lines_of(parts["policies.jsonl"])}
    need(all(leaf["notice"] in rules for leaf in leaves if leaf["type"] == "policy.changed"), "words")
    in_force = {}
    for leaf in leaves:
        in_force[leaf["seq"]] = (
            leaf["notice"] if leaf["type"] == "policy.changed" else in_force.get(leaf["seq"] - 1)
        )

    limit, by_batch = let_go(leaves), {}
    for line in lines_of(parts["decisions.jsonl"]):
        entry = json.loads(line)
        need(canonical(entry) == line and ("record" in entry) != ("hash" in entry), "decision")
        by_batch.setdefault(entry["batch"], []).append(entry)
    batches = {leaf["seq"]: leaf["batch"] for leaf in leaves if leaf["type"] == "decisions"}
    need(by_batch.keys() <= batches.keys(), "decisions")
    need(all(seq in by_batch or seq < limit for seq in batches), "decisions")
    records = sum("record" in entry for entries in by_batch.values() for entry in entries)
    need(manifest["decisions"] == records, "manifest")
    attempts, proofs, told, gone = {}, {}, set(), False
    for seq in batches:
        entries = by_batch.get(seq, [])
        gone = gone or not entries or any("hash" in entry for entry in entries)
        need(seq < limit or all("record" in entry for entry in entries), "decisions")
        hashes = [
            sha(b"\x00" + canonical(entry["record"])) if "record" in entry else bytes.fromhex(entry["hash"])
            for entry in entries
        ]
        if entries:
            need(len(hashes) == batches[seq]["count"], "decisions")
            need(mth(hashes).hex() == batches[seq]["root"], "decisions")
        need(in_force[seq] in (None, leaves[seq]["notice"]), "policy")
        before = [leaf for leaf in leaves[:seq] if leaf["subject"]]
        for one in (entry["record"] for entry in entries if "record" in entry):
            need(sorted(one) == RECORD and one["v"] == 1 and one["class"] in CLASSES, "record")
            need(one["policy"] == leaves[seq]["notice"], "record")
            own = f"<{re.escape(one['key'])}@[!-;=?A-~]{{1,255}}>"
            need(one["message_id"] == "" or re.fullmatch(own, str(one["message_id"])), "record")
            need((one["verdict"] == "allow") == (one["reason"] == ""), "record")
            known = sum(at < seq and subject == one["subject"] for at, subject, _ in stops)
            need(one["epoch"] == known or one["reason"] in ("unknown_subject", "not_as_logged"), "epoch")
            if one["verdict"] != "allow":
                continue
            need(erased.get(one["subject"], seq) >= seq, "erased")
            first = gone and one["key"] not in attempts and one["attempt"] > 0
            need(first or one["attempt"] == attempts.get(one["key"], 0) + 1, "twice")
            attempts[one["key"]] = one["attempt"]
            mine = [leaf for leaf in before if leaf["subject"] == one["subject"]]
            may(one, mine, rules[in_force[seq]] if in_force[seq] else NO_RULES, proofs)
            if one["class"] == "notice":
                may_tell(one, before, told)


if __name__ == "__main__":
    check(*sys.argv[1:])
