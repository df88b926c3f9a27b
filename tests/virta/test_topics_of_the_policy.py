"""What a project's settings say of its topics reaches the policy."""

from pathlib import Path

import pytest
from stall import make_stall

from consent.contract import Basis, Policy
from virta.project.folder import load_project
from virta.release.content import content_of
from virta.settings import BrokenProject


def policy(folder: Path, line: str) -> Policy:
    """The policy of a fresh project with one more line at the top of virta.toml."""
    make_stall(folder)
    toml = folder / "virta.toml"
    toml.write_text(f"{line}\n{toml.read_text('utf-8')}", "utf-8")
    settings, compiled = load_project(folder)
    return content_of(folder, settings, compiled).policy


def test_a_topic_may_rest_on_sales(tmp_path: Path) -> None:
    """Its purpose names the goods."""
    purposes = policy(tmp_path / "p", 'similar = { news = "coffee" }').purposes
    [news] = [one for one in purposes if one.topic == "news"]
    assert (news.basis, news.similar) == (Basis.SOFT_OPT_IN, "coffee")


def test_changed_words_may_mean_the_same(tmp_path: Path) -> None:
    """The policy says so; a topic that nobody declares is told."""
    assert policy(tmp_path / "p", 'editorial = ["news"]').editorial == ("news",)
    with pytest.raises(BrokenProject, match="`nosuch`, which no flow declares"):
        policy(tmp_path / "q", 'editorial = ["nosuch"]')
