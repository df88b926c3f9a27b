"""Whether decisions may have been as they are recorded: what the gate forbids, no record may allow.

It needs the leaves and the rules that an export carries, and nothing of the service. What an export does not
show is not judged: caps and own frequencies, which depend on how mail servers answered, breaks, and who is on
the team."""

import hashlib
from dataclasses import dataclass, field

import rfc8785

from consent.proof.failure import Failed, Failure
from consent.proof.story import CONFIRMED, RENEWED, SOFT, Person, Story, newest
from consent.proof.told import NUMBERS, TEXTS, Json, names

_MEMBERS = frozenset((*TEXTS, *NUMBERS, "measured"))
_CLASSES = ("marketing", "service", "proof", "notice", "internal", "test")
_BESIDE = {"personalised": "personalisation", "measured": "measurement"}
_UNKNOWN = ("unknown_subject", "not_as_logged")
"""Reasons by which nobody is said to have known how many stops there were."""
_SERVICE = ("contract", "legal_obligation")


@dataclass(frozen=True, slots=True)
class _Record:
    """A record with its place: the number of its line, and the leaf of its batch."""

    number: int
    batch: int
    body: Json

    def text(self, name: str) -> str:
        return str(self.body[name])

    def count(self, name: str) -> int:
        return int(str(self.body[name]))

    def fails(self, failure: Failure, why: str) -> Failed:
        return Failed(failure, f"Decision {self.number} {why}")


@dataclass(slots=True)
class Audit:
    """Judges records in the order of the log. `rules` are the policies by digest. `let_go`: records of before
    are gone, and with them the first attempts of some mails."""

    story: Story
    rules: dict[str, Json]
    let_go: bool = False
    _claimed: dict[str, int] = field(default_factory=dict)  # key → its newest attempt
    _proofs: dict[str, set[str]] = field(default_factory=dict)  # subject → keys of proof mails
    _notices: dict[str, set[str]] = field(default_factory=dict)  # the same of those that tell of holds

    def judge(self, number: int, batch: int, policy: str, body: Json) -> None:
        """Judge one record of the batch at `batch`, whose leaf names `policy`. Raises `Failed`."""
        one = _Record(number, batch, body)
        if not _whole(body):
            raise one.fails(Failure.DECISIONS, "lacks a member, or has one that says nothing.")
        if body["message_id"] != "" and not names(one.text("key"), one.text("message_id")):
            raise one.fails(Failure.DECISIONS, "has a Message-ID that is not that of its mail.")
        if body["policy"] != policy:
            raise one.fails(Failure.DECISIONS, "names another policy than its batch.")
        if (body["verdict"] == "allow") != (body["reason"] == ""):
            raise one.fails(Failure.DECISIONS, "is allowed and denied at once.")
        known = self._person(one).stops_before(batch)
        if body["epoch"] != known and body["reason"] not in _UNKNOWN:
            raise one.fails(
                Failure.STOPPED, f"knew of {body['epoch']} stops of its subject, the log of {known}."
            )
        if body["verdict"] == "allow":
            self._allowed(one)

    def _allowed(self, one: _Record) -> None:
        if one.text("class") in ("marketing", "service") and self._person(one).is_restricted(one.batch):
            raise one.fails(Failure.STOPPED, "was allowed although its subject had asked for a restriction.")
        erased = self._person(one).erased
        if 0 <= erased < one.batch:
            raise one.fails(Failure.STOPPED, f"was allowed although leaf {erased} had ended its subject.")
        key, attempt = one.text("key"), one.count("attempt")
        before = self._claimed.get(key, 0)
        if attempt != before + 1 and (before or not self.let_go or attempt < 1):
            raise one.fails(Failure.DECISIONS, f"claims attempt {attempt} of {key} out of turn.")
        self._claimed[key] = attempt
        mail_class = one.text("class")
        if mail_class == "marketing":
            self._marketing(one)
        elif mail_class == "service":
            self._service(one)
        else:
            if one.text("purpose") or one.count("consent_seq"):
                raise one.fails(Failure.STOPPED, f"rests a mail of class {mail_class} on a purpose.")
            if mail_class == "proof":
                self._proof(one)
            elif mail_class == "notice":
                self._notice(one)
        self._beside(one)

    def _marketing(self, one: _Record) -> None:
        person, topic, basis = self._person(one), one.text("topic"), one.count("consent_seq")
        rests_on = self._purpose(one).get("basis")
        if rests_on not in ("consent", "soft_opt_in") or topic in _BESIDE.values():
            raise one.fails(Failure.NOTICE, f"allowed marketing on `{topic}`, which is no topic for it.")
        kind = next(
            (
                kind
                for seq, kind, *rest in person.grants
                if seq == basis and rest == [topic, one.text("purpose")]
            ),
            "",
        )
        if basis >= one.batch or not kind or (kind == SOFT and rests_on == "consent"):
            raise one.fails(Failure.STOPPED, f"rests on leaf {basis}, which is no such consent.")
        own, silenced = person.last_own_end(topic, one.batch), person.silence(one.batch)
        # What is no word of their own does not lead out of a stop of the whole address.
        word = basis if kind in (CONFIRMED, RENEWED) else person.last_confirmation(one.batch)
        if own > basis or silenced > word:
            stop = own if own > basis else silenced
            raise one.fails(Failure.STOPPED, f"was allowed although leaf {stop} stopped it.")
        template = self._template(one)
        if template.get("unsubscribe") is not True or template.get("imprint") is not True:
            raise one.fails(Failure.NOTICE, "allowed a template that its policy does not allow.")

    def _service(self, one: _Record) -> None:
        person, topic = self._person(one), one.text("topic")
        purpose = self._purpose(one)
        if purpose.get("basis") not in _SERVICE:
            raise one.fails(Failure.NOTICE, f"allowed service mail on `{topic}`, which is no topic for it.")
        version = hashlib.sha256(rfc8785.dumps(purpose)).hexdigest()  # type: ignore[arg-type]
        if one.text("purpose") != version or one.count("consent_seq"):
            raise one.fails(Failure.NOTICE, "rests on words that are not those of its policy.")
        if self._template(one).get("promotional") is not False:
            raise one.fails(Failure.NOTICE, "allowed a template that its policy does not allow.")
        bounced = newest(person.bounced, one.batch)
        if bounced > max(person.last_confirmation(one.batch), newest(person.moved, one.batch)):
            raise one.fails(Failure.STOPPED, f"was allowed although leaf {bounced} stopped it.")

    def _proof(self, one: _Record) -> None:
        """No more of them than were asked for, and none for what was asked before a stop of the address."""
        subject = one.text("subject")
        keys = self._proofs.setdefault(subject, set())
        keys.add(one.text("key"))
        person = self._person(one)
        asked = sum(1 for seq in person.queued if seq < one.batch)
        silenced = newest(person.silenced, one.batch)
        if len(keys) > asked or newest(person.queued, one.batch) < silenced:
            raise one.fails(Failure.STOPPED, "allowed a proof mail that nobody had asked for.")

    def _notice(self, one: _Record) -> None:
        """No more of them than holds were placed, and none while none stands, on whoever has become part
        of the subject too."""
        subject = one.text("subject")
        self._notices.setdefault(subject, set()).add(one.text("key"))
        whole = self.story.whole(subject, one.batch)
        keys = {key for each in whole for key in self._notices.get(each, ())}
        people = [self.story.person(each) for each in whole]
        placed = sum(1 for person in people for seq, on in person.holds if on and seq < one.batch)
        if len(keys) > placed or not any(person.is_held(one.batch) for person in people):
            raise one.fails(Failure.STOPPED, "told somebody of a hold that does not stand.")

    def _beside(self, one: _Record) -> None:
        """What the mail drew on, and whether it told of its opening, was agreed to."""
        used = {"personalised": one.text("variant") != "plain", "measured": one.body["measured"] is True}
        allowed = {"personalised": ("marketing",), "measured": ("marketing", "service")}
        for how, is_ in used.items():
            if is_ and not (
                one.text("class") in allowed[how] and self._person(one).agrees(_BESIDE[how], one.batch)
            ):
                raise one.fails(Failure.STOPPED, f"is of a mail that was {how}, which was not agreed to.")

    def _person(self, one: _Record) -> Person:
        return self.story.person(one.text("subject"))

    def _purpose(self, one: _Record) -> Json:
        return self._find(one, "purposes", "topic", one.text("topic"))

    def _template(self, one: _Record) -> Json:
        return self._find(one, "templates", "digest", one.text("template"))

    def _find(self, one: _Record, part: str, name: str, value: str) -> Json:
        """The entry of the record's policy; an empty one if there is none, or it was published later."""
        policy = one.text("policy")
        published = self.story.policies.get(policy, one.batch) < one.batch
        entries = self.rules.get(policy, {}).get(part) if published else None
        if isinstance(entries, list):
            for entry in entries:
                if isinstance(entry, dict) and entry.get(name) == value:
                    return entry
        return {}


def _whole(body: Json) -> bool:
    return (
        body.keys() == _MEMBERS
        and all(isinstance(body[name], str) for name in TEXTS)
        and all(type(body[name]) is int for name in NUMBERS)
        and isinstance(body["measured"], bool)
        and body["v"] == 1
        and body["class"] in _CLASSES
        and body["variant"] in ("plain", "personalised")
        and body["verdict"] in ("allow", "deny")
    )
