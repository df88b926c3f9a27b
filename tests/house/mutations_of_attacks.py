"""Defences of docs/attacks.md, each of which a test of its row there must miss; each row has one at least."""

from typing import NamedTuple


class Broken(NamedTuple):
    """`attack` is how its row begins; `test` is one of the row's; of each edit: the file, what stands there
    once, what stands there instead. Two edits where one alone leaves a second defence."""

    what: str
    attack: str
    test: str
    edits: tuple[tuple[str, str, str], ...]


BROKEN_DEFENCES = (
    Broken(
        "a look acts like a press",
        "A crawler opens every link",
        "tests/attacks/test_scanners.py::test_a_crawler_over_the_links_of_a_mail_of_each_kind_writes_nothing",
        (
            (
                "web/subscriber/routes.py",
                'handler = act if request.method == "POST" else look',
                "handler = act",
            ),
        ),
    ),
    Broken(
        "a page presses its own button, and may",
        "A scanner opens every link in a browser",
        "tests/attacks/test_scanning_browsers.py"
        "::test_a_browser_that_waits_a_minute_on_the_links_of_one_mail_and_one_proof_writes_nothing",
        (
            (
                "web/ui/pages/layout.html",
                "</body>",
                '<script>setTimeout(() => document.querySelector("[name=fetched]")?.form.submit(), 55_000)'
                "</script></body>",
            ),
            ("web/headers.py", "script-src 'none'", "script-src 'unsafe-inline'"),
        ),
    ),
    Broken(
        "a header says which method is meant",
        "Other methods",
        "tests/web/test_looking_changes_nothing.py::test_no_method_but_post_changes_anything_at_any_link",
        (
            (
                "web/subscriber/routes.py",
                'handler = act if request.method == "POST" else look',
                'meant = request.headers.get("x-http-method-override", request.method)\n'
                '        handler = act if meant == "POST" else look',
            ),
        ),
    ),
    Broken(
        "changes are not counted",
        "Whoever has one link to choices",
        "tests/consent/test_too_many_changes.py"
        "::test_whoever_goes_to_and_fro_leaves_no_trace_from_some_point_on",
        (("consent/subscriber/choice.py", "changed >= MOST_AN_HOUR", "False"),),
    ),
    Broken(
        "a stop is refused too",
        "Whoever has one link to choices",
        "tests/consent/test_too_many_changes.py::test_a_stop_is_never_refused_nor_what_makes_mail_rarer",
        (
            (
                "consent/subscriber/choice.py",
                "frequency=choice.frequency if rarer else None",
                "frequency=None",
            ),
        ),
    ),
    Broken(
        "any longer break is taken",
        "Whoever has one link to choices",
        "tests/consent/test_too_many_changes.py::test_what_is_never_refused_comes_to_an_end_by_itself",
        (
            (
                "consent/subscriber/choice.py",
                "max(subject.paused_until, now) + DAY_MS",
                "subject.paused_until",
            ),
        ),
    ),
    Broken(
        "what was mailed is looked for at each press",
        "Whoever has one link to choices",
        "tests/consent/test_too_many_changes.py"
        "::test_whoever_goes_to_and_fro_is_looked_for_once_in_what_was_mailed",
        (("consent/subscriber/mailed.py", "self._found[ids] = found", "pass"),),
    ),
    Broken(
        "a proof mail for each wish",
        "List bombing: one address, entered",
        "tests/consent/test_signup.py::test_one_address_gets_one_proof_mail_however_often_it_is_entered",
        (
            (
                "consent/subscriber/cooling.py",
                "return subject.proofs == 0 or now >= subject.proof_at + pause",
                "return True",
            ),
        ),
    ),
    Broken(
        "tags make further wishes",
        "List bombing: one mailbox, by",
        "tests/consent/app/test_limits_of_signups.py"
        "::test_what_stands_behind_a_plus_sign_makes_no_further_wishes",
        (
            (
                "consent/app/limits.py",
                'address = ("address", _mailbox(folded))',
                'address = ("address", folded)',
            ),
        ),
    ),
    Broken(
        "visitors are not counted",
        "List bombing: a thousand addresses",
        "tests/attacks/test_bombing.py::test_one_visitor_who_enters_a_thousand_addresses_is_stopped",
        (("consent/app/limits.py", "        if visitor:\n", "        if False:\n"),),
    ),
    Broken(
        "what a key enters is not counted",
        "List bombing: by a key",
        "tests/attacks/test_bombing_of_the_shop.py"
        "::test_a_key_that_enters_more_than_is_taken_hears_when_to_come_again",
        (
            (
                "consent/app/front.py",
                "admitted = self.admission.admit(address.folded, ip)",
                "admitted = self.admission.admit(address.folded, ip) if ip else Admitted(True)",
            ),
        ),
    ),
    Broken(
        "domains are not counted",
        "List bombing: a whole domain",
        "tests/consent/app/test_limits_of_signups.py::test_more_wishes_of_one_domain_are_asked_to_come_again",
        (
            (
                "consent/app/limits.py",
                'places = [("all", _ALL), ("domain", folded.rpartition("@")[2])]',
                'places = [("all", _ALL)]',
            ),
        ),
    ),
    Broken(
        "what stands in a link is believed unsigned",
        "A link is forged",
        "tests/consent/test_links.py::test_a_changed_token_is_refused",
        (
            (
                "consent/ledger/tokens.py",
                "return _decode(self._plain[scope].unsign(token))",
                'return _decode(token.partition(".")[0].encode())',
            ),
        ),
    ),
    Broken(
        "one key for links of all kinds",
        "A link of one kind",
        "tests/web/test_confirm_pages.py::test_links_are_not_interchangeable",
        (("consent/ledger/tokens.py", 'salt = f"virta/{scope}/v1".encode()', 'salt = b"virta/v1"'),),
    ),
    Broken(
        "who is entered too often is told",
        "Learning who is on the list",
        "tests/attacks/test_answers.py::test_the_form_answers_everybody_alike",
        (
            (
                "consent/app/front.py",
                "if not admitted.yes and not admitted.quietly:",
                "if not admitted.yes:",
            ),
        ),
    ),
    Broken(
        "answers come as soon as the work is done",
        "Learning it by the time",
        "tests/consent/app/test_front.py::test_answers_come_at_the_pace_whoever_they_are_for",
        (
            (
                "consent/app/front.py",
                "await (doing if self._pace is None else self._pace.keep(doing))",
                "await doing",
            ),
        ),
    ),
    Broken(
        "a wish that writes nothing is not synced",
        "Learning it by the time",
        "tests/consent/app/test_front.py::test_each_wish_is_a_commit_whatever_comes_of_it",
        (
            (
                "consent/app/front.py",
                "    _WRITE.run(tx.driver)\n    _TAKE_OUT.run(tx.driver)\n",
                "",
            ),
        ),
    ),
    Broken(
        "the moments of answers lie at equal steps",
        "Learning it by the time",
        "tests/consent/app/test_pace.py::test_a_difference_is_seen_no_more_often_than_it_says",
        (
            (
                "consent/app/pace.py",
                "moment = self.least + self.spread * self._chance()",
                "moment = self.least + self.spread / 2",
            ),
        ),
    ),
    Broken(
        "what comes to nothing counts",
        "Learning it while the disk is full",
        "tests/web/test_without_room.py"
        "::test_a_sign_up_for_which_there_is_no_room_is_not_lost_and_tells_of_nobody",
        (("consent/app/front.py", "            if not done:\n", "            if False:\n"),),
    ),
    Broken(
        "a link confirms again and again",
        "A link is used again",
        "tests/attacks/test_answers.py::test_two_who_press_at_once_are_told_apart_by_the_store",
        (
            (
                "consent/subscriber/wishes.py",
                '.where(requests.c.id == bindparam("of"), requests.c.closed == "", requests.c.expires',
                '.where(requests.c.id == bindparam("of"), requests.c.expires',
            ),
        ),
    ),
    Broken(
        "whoever writes an id into a link is that person",
        "The preferences of somebody else",
        "tests/attacks/test_answers.py::test_nobody_comes_to_the_preferences_of_somebody_else",
        (
            (
                "consent/ledger/tokens.py",
                "payload, made = self._timed.unsign(token, return_timestamp=True)",
                'payload, made = token.partition(".")[0].encode(), self._timed.timestamp_to_datetime(\n'
                "                self._timed.get_timestamp()\n"
                "            )",
            ),
        ),
    ),
    Broken(
        "links to preferences live for ever",
        "An old link to preferences",
        "tests/consent/test_links.py::test_preferences_links_live_thirty_days",
        (
            (
                "consent/ledger/tokens.py",
                "if self._timed.clock() - at > PREFERENCES_DAYS * DAY_MS + 999:",
                "if False:",
            ),
        ),
    ),
    Broken(
        "pages are kept by caches",
        "A link's token leaks",
        "tests/web/test_frame.py::test_every_answer_carries_the_security_headers_and_is_not_kept",
        (("web/headers.py", 'headers.setdefault("Cache-Control", "no-store")', "pass"),),
    ),
    Broken(
        "our own pages stand in the evidence, with the token",
        "A link's token leaks",
        "tests/web/test_frame.py::test_our_own_pages_are_no_referrer",
        (
            (
                "web/visit.py",
                'return "" if host == request.headers.get("host", "") else referrer',
                "return referrer",
            ),
        ),
    ),
    Broken(
        "the case of an address makes another person",
        "Spellings of one address",
        "tests/consent/test_address.py::test_spellings_of_one_mailbox_fold_together",
        (("consent/address.py", "return Address(text, text.casefold())", "return Address(text, text)"),),
    ),
    Broken(
        "signatures of measured links are not compared",
        "Open redirect",
        "tests/web/test_measured_links.py::test_forged_cut_and_swapped_tokens_lead_nowhere",
        (
            (
                "web/measured.py",
                "        if target is None:\n            raise HTTPException(404)\n",
                '        target = target or "https://elsewhere.example/"\n',
            ),
        ),
    ),
    Broken(
        "what a browser says of where a form comes from is ignored",
        "Another site sends a form",
        "tests/web/test_frame.py::test_another_site_cannot_send_a_form",
        (("web/app.py", 'exempt_paths=[*keyed, "/u"]', 'exempt_paths=["/"]'),),
    ),
    Broken(
        "forms of any size are read",
        "Forms without an end",
        "tests/web/test_frame.py::test_forms_that_are_too_large_or_broken_are_refused_with_a_page",
        (
            ("web/body.py", "int(announced[:19]) > limit:", "False:"),
            ("web/body.py", "        if size > limit:\n", "        if False:\n"),
        ),
    ),
    Broken(
        "line breaks in subjects",
        "A header, a part or a tag",
        "tests/engine/mail/test_message.py::test_no_field_takes_a_line_break_or_a_control_character",
        (("engine/mail/headers.py", "    if _FORBIDDEN.search(value):\n", "    if False:\n"),),
    ),
    Broken(
        "encoded words that somebody typed are sent as they are",
        "A header, a part or a tag",
        "tests/attacks/test_injection.py::test_a_subject_of_hostile_words_is_one_line",
        (("engine/mail/headers.py", 'return "=?" not in value and all(', "return all("),),
    ),
    Broken(
        "formulas in tables",
        "Formulas in tables",
        "tests/attacks/test_formulas.py::test_a_cell_that_begins_like_a_formula_begins_with_a_quote",
        (
            (
                "virta/importing/telling.py",
                """f"'{cell}" if like_a_formula(cell) else cell""",
                "cell",
            ),
        ),
    ),
    Broken(
        "values in mails are not escaped",
        "Script or HTML in values",
        "tests/engine/mail/test_sandbox.py::test_values_are_escaped_in_html_and_stand_as_they_are_in_text",
        (("engine/mail/sandbox.py", "            autoescape=escape,\n", "            autoescape=False,\n"),),
    ),
    Broken(
        "templates see what is behind a value",
        "A template reaches for Python",
        "tests/engine/mail/test_sandbox.py::test_the_sandbox_holds",
        (
            (
                "engine/mail/sandbox.py",
                "return not (attr in PADDING and isinstance(obj, str)) and "
                "super().is_safe_attribute(obj, attr, value)",
                "return True",
            ),
        ),
    ),
    Broken(
        "turns of loops are not counted",
        "A template that takes for ever",
        "tests/attacks/test_bombs.py::test_a_template_that_does_too_much_is_told_a_little_behind_the_bound",
        (("engine/mail/allowance.py", "        self.left -= turns\n", ""),),
    ),
    Broken(
        "much of little is made",
        "A template that takes for ever",
        "tests/attacks/test_bombs.py::test_a_template_that_does_too_much_is_told_a_little_behind_the_bound",
        (("engine/mail/allowance.py", "    if too_much:\n", "    if False:\n"),),
    ),
    Broken(
        "events that come again count again",
        "An event, a report or a webhook is replayed",
        "tests/web/test_events_api.py::test_the_same_id_twice_counts_once",
        (("engine/store/schema.py", 'Index("inbox_id", "id", unique=True),', 'Index("inbox_id", "id"),'),),
    ),
    Broken(
        "reports about mails that never went",
        "Forged bounces and complaints",
        "tests/web/test_returns_api.py::test_what_is_no_mail_of_ours_stops_nobody",
        (
            (
                "engine/returns/intake.py",
                "if not key or not await self._known(one, key, mail is not None or key in elsewhere):",
                "if not key:",
            ),
        ),
    ),
    Broken(
        "whoever calls is named as they say",
        "A key of the consent service says that the person did it",
        "tests/consent/app/test_actors.py::test_no_caller_says_that_a_person_did_it",
        (
            (
                "consent/client/actors.py",
                'if not _FORM.fullmatch(actor) or actor.partition(":")[0] not in kinds:',
                "if not kinds:",
            ),
        ),
    ),
    Broken(
        "a kept mail is given out while its links work",
        "Whoever may read evidence",
        "tests/consent/test_mails_given_out.py::test_whoever_reads_evidence_finds_no_link_that_still_works",
        (
            (
                "consent/subscriber/given_out.py",
                "    if not kept_open and not any(_works(reading, token) for token in tokens):\n",
                "    if True:\n",
            ),
        ),
    ),
    Broken(
        "headers of a proxy are believed",
        "Forged proxy headers",
        "tests/web/test_frame.py::test_the_peers_own_address_is_evidence_whatever_the_headers_say",
        (
            (
                "web/visit.py",
                'ip=request.client.host if request.client else ""',
                'ip=request.headers.get("x-forwarded-for", request.client.host if request.client else "")',
            ),
        ),
    ),
)
