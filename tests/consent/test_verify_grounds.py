"""What a marketing mail may rest on, and whose hand may do what, in the eyes of both verifiers."""

import hashlib
import json

import pytest
import rfc8785
from tampered import Export

from consent.proof.failure import Failure

pytestmark = pytest.mark.anyio
_NEW = 10_000  # positions that no leaf has yet


class Bent(Export):
    """An export into which leaves are put, by somebody with the key."""

    def judged(self, tmp_path):
        """Signed anew: what both verifiers say."""
        self.number_anew()
        self.sign_anew()
        return self.failure(), self.second(tmp_path)

    def leaf(self, kind, nth=0):
        """A leaf of a type."""
        return json.loads(self.lines("leaves.jsonl")[self.find(kind, nth)])

    def put_before(self, seq, *leaves):
        """Put leaves before the one at a position; `number_anew` gives them theirs."""
        lines = self.lines("leaves.jsonl")
        made = [rfc8785.dumps(leaf | {"seq": _NEW + n}) + b"\n" for n, leaf in enumerate(leaves)]
        self.put("leaves.jsonl", [*lines[:seq], *made, *lines[seq:]])

    def drop(self, seq):
        """Take a leaf out."""
        lines = self.lines("leaves.jsonl")
        self.put("leaves.jsonl", [*lines[:seq], *lines[seq + 1 :]])

    def rest_on_sales(self):
        """Give the newsletter the basis of a soft opt-in in the policy."""
        [line] = self.lines("policies.jsonl")
        policy = json.loads(line)
        policy["purposes"][0]["basis"] = "soft_opt_in"
        changed = rfc8785.dumps(policy)
        old, new = (hashlib.sha256(body).hexdigest().encode() for body in (line[:-1], changed))
        self.put("policies.jsonl", [changed + b"\n"])
        for name in ("leaves.jsonl", "decisions.jsonl"):
            self.parts[name] = self.parts[name].replace(old, new)

    def sold(self, to="soft_active", **members):
        """Turn Anna's confirmation into what a sale, or an import, brought."""
        self.drop(self.find("requested"))
        self.change_type("confirmed", **{"from": "none", "to": to, **members})

    def change_type(self, kind, **members):
        """Change the first leaf of a type, wherever it now stands."""
        lines = self.lines("leaves.jsonl")
        for place, line in enumerate(lines):
            if json.loads(line)["type"] == kind:
                lines[place] = rfc8785.dumps(json.loads(line) | members) + b"\n"
                break
        self.put("leaves.jsonl", lines)


@pytest.fixture
async def export(world):
    """Anna joined and got a mail."""
    anna = await world.join("anna@kafija.example")
    await world.send(world.ask(anna))
    return Bent(world)


def about(export, kind, **members):
    """A leaf about Anna that changes no state, as the service would write it."""
    plain = {"from": "", "to": "", "notice": "", "evidence": "", "purpose": "", "actor": "system"}
    return export.leaf("confirmed") | plain | {"type": kind} | members


def last_batch(export):
    """The position of the leaf that records the newsletter."""
    return max(
        json.loads(line)["seq"]
        for line in export.lines("leaves.jsonl")
        if json.loads(line)["type"] == "decisions"
    )


async def test_it_holds_as_it_was(export, tmp_path):
    """Before anything is bent."""
    assert export.judged(tmp_path) == (None, "")


@pytest.mark.parametrize("actor", ["operator", "system", "import:list", "subject:page", "shop"])
async def test_nobody_but_the_subject_confirms(export, tmp_path, actor):
    """By the link in the mail, and by no other way."""
    export.change_type("confirmed", actor=actor)
    assert export.judged(tmp_path) == (Failure.TRANSITION, "hand")


async def test_a_restriction_holds_mails_back_until_it_is_lifted(export, tmp_path):
    """What was agreed to still stands."""
    export.put_before(last_batch(export), about(export, "restricted"))
    assert export.judged(tmp_path) == (Failure.STOPPED, "restricted")
    export.put_before(last_batch(export), about(export, "restriction.lifted"))
    assert export.judged(tmp_path) == (None, "")


@pytest.mark.parametrize("kind", ["stale", "terminated"])
async def test_what_ended_without_a_stop_carries_no_mail(export, tmp_path, kind):
    """And it raises no epoch: nobody said stop."""
    ended = about(export, kind, purpose="newsletter") | {"from": "active", "to": kind}
    export.put_before(last_batch(export), ended)
    assert export.judged(tmp_path) == (Failure.STOPPED, "withdrawn")


async def test_an_objection_is_a_stop(export, tmp_path):
    """Decisions after it must have known of it."""
    ended = about(export, "objected", purpose="newsletter", actor="subject:page")
    export.put_before(last_batch(export), ended | {"from": "active", "to": "objected"})
    assert export.judged(tmp_path) == (Failure.STOPPED, "epoch")
    export.put_before(last_batch(export), about(export, "objected.marketing", actor="subject:page"))
    assert export.judged(tmp_path) == (Failure.STOPPED, "epoch")


async def test_a_sale_carries_only_what_the_policy_rests_on_sales(export, tmp_path):
    """A topic that rests on consent needs one."""
    export.sold(type="soft_opt_in.recorded", actor="shop")
    assert export.judged(tmp_path) == (Failure.STOPPED, "consent")
    export.rest_on_sales()
    assert export.judged(tmp_path) == (None, "")


async def test_an_attested_import_carries_mails_and_an_unproven_one_none(export, tmp_path):
    """The first is marked as what it is; the second is no ground at all."""
    export.sold("active (attested)", type="imported.attested", actor="import:list")
    assert export.judged(tmp_path) == (None, "")
    export.change_type("imported.attested", type="imported", to="unproven")
    assert export.judged(tmp_path) == (Failure.STOPPED, "consent")


async def test_no_import_leads_out_of_a_stop(export, tmp_path):
    """The table has no such row."""
    stop = about(export, "withdrawn", purpose="newsletter", actor="subject:page")
    back = about(export, "imported.attested", purpose="newsletter", actor="import:list")
    export.put_before(
        last_batch(export),
        stop | {"from": "active", "to": "withdrawn"},
        back | {"from": "withdrawn", "to": "active (attested)", "notice": export.leaf("confirmed")["notice"]},
    )
    assert export.judged(tmp_path) == (Failure.TRANSITION, "transition")
