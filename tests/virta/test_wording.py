"""The words about topics come together from the flows and the files of the other languages."""

from pathlib import Path

import pytest

from dsl.graph import TopicType
from virta.project.wording import Wording, read_wording
from virta.settings import BrokenProject, Purpose

TOPICS = (
    TopicType("news", "News", "marketing", "consent", "I want news."),
    TopicType("orders", "Your orders", "service", "contract"),
)

PURPOSES = {"measurement": Purpose(title="Openings and clicks", consent="You may count them.")}


def written(folder: Path, text: str) -> Path:
    (folder / "words").mkdir()
    (folder / "words" / "lv.toml").write_text(text)
    return folder


def test_each_language_adds_its_words(tmp_path: Path) -> None:
    """What a file leaves out, and a file that is missing, leave out that language only."""
    folder = written(tmp_path, '[news]\ntitle = "Jaunumi"\nconsent = "Vēlos jaunumus."\n')
    assert read_wording(folder, ("en", "lv", "fi"), TOPICS, {}) == {
        "news": Wording({"en": "News", "lv": "Jaunumi"}, {"en": "I want news.", "lv": "Vēlos jaunumus."}),
        "orders": Wording({"en": "Your orders"}, {}),
    }


def test_purposes_beside_the_topics_have_words_too(tmp_path: Path) -> None:
    """Those of the default language stand in `virta.toml`, the others where the topics' do."""
    folder = written(tmp_path, '[measurement]\ntitle = "Atvēršana"\nconsent = "Drīkstat skaitīt."\n')
    found = read_wording(folder, ("en", "lv"), TOPICS, PURPOSES)
    assert found["measurement"] == Wording(
        {"en": "Openings and clicks", "lv": "Atvēršana"},
        {"en": "You may count them.", "lv": "Drīkstat skaitīt."},
    )
    assert tuple(found) == ("news", "orders", "measurement")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[nws]\ntitle = "Jaunumi"\n', "no topic `nws`; it has `news`, `orders`"),
        ('[orders]\nconsent = "Jā."\n', "asks for no consent"),
        ('[news]\ntext = "Jaunumi"\n', "text"),
        ("[news\n", "not valid TOML"),
        ('[personalisation]\ntitle = "Ieteikumi"\n', "virta.toml has no [purposes.personalisation]"),
    ],
)
def test_a_faulty_file_is_told_in_words(tmp_path: Path, text: str, words: str) -> None:
    """The message names the file and what is wrong."""
    with pytest.raises(BrokenProject, match=r"lv\.toml") as fault:
        read_wording(written(tmp_path, text), ("en", "lv"), TOPICS, PURPOSES)
    assert words in str(fault.value)
