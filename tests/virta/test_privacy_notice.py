"""What people are told beside what they agree to follows from the settings, and is part of the version."""

import hashlib
import string
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from msgspec.structs import replace
from stall import make_stall

from consent.contract import Basis, Notice, Purpose
from consent.rules import purpose_version, same_words
from virta.consent_times import Times
from virta.privacy.notice import languages_that_ship, notice_of
from virta.privacy_settings import Privacy
from virta.project.folder import load_project
from virta.release.content import content_of
from virta.release.differences import differences
from virta.release.rewording import rewordings
from virta.settings import Settings, read_settings
from virta.stores_settings import Stores

ALL = ("en", "lv", "fi", "uz", "et", "lt", "ru", "sv", "de")
AGREED = {
    "en": "ddbf339cd5eee191",
    "lv": "9ad01c417018bad8",
    "fi": "b4b0d59b3691fbe2",
    "uz": "97db8031541af2f5",
    "et": "a270ca58eafb0932",
    "lt": "fd140d0fc10ea50f",
    "ru": "b5f36de545c8291f",
    "sv": "5b777944c1396b71",
    "de": "ad3e1ddd7a345e42",
}
"""Of each language, the lines that say which data: people agree to them, as to the sentence itself."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return replace(read_settings(make_stall(tmp_path / "stall")), languages=ALL)


def fillings(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_language_that_ships_has_the_same_words() -> None:
    """English sets the keys and what is filled in; nothing is empty, and each unit has a plural."""
    folder = files("virta.privacy") / "words"
    read = {language: tomllib.loads((folder / f"{language}.toml").read_text("utf-8")) for language in ALL}
    assert languages_that_ship() == tuple(sorted(ALL))
    for language, words in read.items():
        assert words.keys() == read["en"].keys(), language
        for key, text in words.items():
            if isinstance(text, dict):
                assert "other" in text
                assert all(fillings(each) == {"n"} for each in text.values())
            else:
                assert text.strip()
                assert fillings(text) == fillings(read["en"][key]), (language, key)


@pytest.mark.parametrize("language", ALL)
def test_a_new_version_of_virta_asks_nobody_anew(language: str) -> None:
    """A better translation of which data are kept would be other words than people agreed to: marketing to
    all of them would stop. Whoever changes a line here says so in the changelog, as a break."""
    words = tomllib.loads((files("virta.privacy") / "words" / f"{language}.toml").read_text("utf-8"))
    lines = "\n".join(words[name] for name in sorted(words) if name.startswith("data"))
    assert hashlib.sha256(lines.encode()).hexdigest()[:16] == AGREED[language]


def test_a_notice_says_all_that_people_are_to_be_told(settings: Settings) -> None:
    """Who, which data, who else, how long, which rights, how to stop: in every language of the project."""
    told = notice_of(replace(settings, privacy=Privacy(recipients=("Mail Example OÜ",))), "news")
    assert (told.address, told.contact) == (settings.controller.address, settings.controller.contact)
    for name in ("data", "recipients", "retention", "rights", "withdrawal"):
        assert tuple(getattr(told, name)) == ALL, name
    assert told.recipients["en"].endswith(": Mail Example OÜ.")


def test_how_long_is_said_as_it_is_set(settings: Settings) -> None:
    """There is no other place to say it; each language counts in its own way."""
    times = replace(settings, times=Times(proof_years=1, ip_days=21), stores=Stores(backups_days=22))
    kept = notice_of(times, "news").retention
    assert "left our last mail: 1 year.\n" in kept["en"]
    assert "address: 21 days.\n" in kept["en"]
    assert ": 1 gads.\n" in kept["lv"]
    assert ": 21 diena.\n" in kept["lv"]
    assert kept["lv"].endswith(": 22 dienas.")
    assert ": 21 день.\n" in kept["ru"]
    assert kept["ru"].endswith(": 22 дня.")
    longer = notice_of(replace(times, times=Times(proof_years=5)), "news")
    assert ": 5 years.\n" in longer.retention["en"]
    assert ": 5 лет.\n" in longer.retention["ru"]


def test_purposes_beside_the_topics_tell_of_their_own_data(settings: Settings) -> None:
    """What is looked at, what is opened: that and how long it is kept."""
    told = {name: notice_of(settings, name) for name in ("news", "personalisation", "measurement")}
    assert len({each.data["en"] for each in told.values()}) == 3
    assert "What you look at and buy: 25 months." in told["personalisation"].retention["en"]
    assert "What you look at" not in told["news"].retention["en"]


def test_nobody_is_an_answer_and_silence_is_none(settings: Settings) -> None:
    """A page says that nobody gets the data only where the settings do."""
    assert notice_of(settings, "news").recipients == {}
    nobody = replace(settings, privacy=Privacy(recipients=()))
    assert notice_of(nobody, "news").recipients["en"] == "Nobody but us."


def test_own_words_take_the_place_of_those_that_ship(settings: Settings) -> None:
    """For each thing apart."""
    own = replace(settings, privacy=Privacy(rights=dict.fromkeys(ALL, "Ask us.")))
    assert notice_of(own, "news").rights["uz"] == "Ask us."
    assert notice_of(own, "news").data == notice_of(settings, "news").data


def test_a_kind_of_a_language_reads_that_language_and_an_unknown_first_one_english(
    settings: Settings,
) -> None:
    """As with the pages."""
    austrian = notice_of(replace(settings, languages=("de-AT", "ka")), "news")
    assert tuple(austrian.rights) == ("de-AT",)
    assert austrian.rights["de-AT"].startswith("Sie können")
    assert tuple(notice_of(replace(settings, languages=("ka",)), "news").rights) == ("en",)


NEWS = Purpose(
    "news", Basis.CONSENT, {"en": "News"}, {"en": "I want news."}, "Kafija SIA",
    notice=Notice(
        "Street 1", "a@b.example", data={"en": "Address."}, recipients={"en": "M."},
        retention={"en": "1 year."}, rights={"en": "All."}, withdrawal={"en": "By the link."},
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    "changed",
    [
        {"address": "Street 2"},
        {"contact": "c@d.example"},
        {"recipients": {"en": "N."}},
        {"retention": {"en": "2 years."}},
        {"rights": {"en": "More."}},
        {"withdrawal": {"en": "By a letter too."}},
    ],
)
def test_what_informs_is_a_new_version_to_which_all_have_agreed(changed: dict[str, object]) -> None:
    """The version is what was shown, and nobody is asked anew."""
    new = replace(NEWS, notice=replace(NEWS.notice, **changed))
    assert purpose_version(new) != purpose_version(NEWS)
    assert same_words(NEWS, new)


def test_other_data_is_another_agreement() -> None:
    """A consent is to the data that it named; a language more changes nothing."""
    other = replace(NEWS, notice=replace(NEWS.notice, data={"en": "Address and orders."}))
    further = replace(NEWS, notice=replace(NEWS.notice, data={"en": "Address.", "lv": "Adrese."}))
    assert not same_words(NEWS, other)
    assert same_words(NEWS, further)


def test_a_plan_tells_what_the_notice_says_anew(tmp_path: Path) -> None:
    """Of recipients beside the topic; of other data as of other words, about which apply asks."""
    folder = make_stall(tmp_path / "stall")
    settings, compiled = load_project(folder)
    old = content_of(folder, settings, compiled)
    named = replace(settings, privacy=Privacy(recipients=("Mail Example OÜ",)))
    new = content_of(folder, named, compiled)
    [told] = [each for each in differences(old, new) if each.name == "news"]
    assert [change.what for change in told.changes] == ["recipients en"]
    assert list(rewordings(old, new)) == []
    keyed = replace(named, controller=replace(named.controller, attestation_key="a/controller+00000000+AQ=="))
    [key] = differences(new, content_of(folder, keyed, compiled))
    assert (key.sign, key.kind, key.name) == ("+", "key", "of the controller")
    wider = replace(named, privacy=Privacy(recipients=(), data={"en": "All that we can get."}))
    [asked] = [each for each in rewordings(new, content_of(folder, wider, compiled)) if each.topic == "news"]
    assert asked.words[0].after == "about this data: All that we can get."
