"""What guards the promise is itself guarded: take a guard out of the code, and a test turns red."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from mutations_of_attacks import BROKEN_DEFENCES
from mutations_of_withdrawal import BROKEN

ROOT = Path(__file__).parents[2]
COPIED = ("virta", "web", "engine", "dsl", "consent", "examples", "tests", "pyproject.toml")


@dataclass(frozen=True, slots=True)
class Mutation:
    """One piece of text in one file, what stands there instead, and the tests that must notice; `more` edits
    where a second defence stands behind the first."""

    file: str
    written: str
    instead: str
    tests: str
    more: tuple[tuple[str, str, str], ...] = ()

    @property
    def edits(self) -> tuple[tuple[str, str, str], ...]:
        """The file, what stands there, and what stands there instead; of each edit."""
        return (self.file, self.written, self.instead), *self.more


MUTATIONS = {
    "without the claim": Mutation(
        "engine/delivery/dispatch.py",
        "claimed = await self._consent.claim(self._mailer.sender, asks, [one.settlement for one in ended])",
        "claimed = Claimed((), (), 0)",
        "tests/engine/delivery/test_dispatch.py",
    ),
    "without the unique key": Mutation(
        "consent/store/tables/mails.py",
        'Index("one_permit_per_attempt", decisions.c.key, decisions.c.attempt, unique=True,',
        'Index("one_permit_per_attempt", decisions.c.key, decisions.c.attempt,',
        "tests/consent/test_claims.py",
    ),
    "without the epoch": Mutation(
        "engine/core/advance.py",
        "if journey is None or journey.epoch != data.epoch:",
        "if journey is None:",
        "tests/engine/core/test_waits.py",
    ),
    "without the visit": Mutation(
        "engine/core/mailing.py",
        "number = journey.visits.get(step, 0) + 1",
        "number = 1",
        "tests/engine/core/test_rounds.py",
    ),
    "without the count of mails": Mutation(
        "engine/core/mailing.py",
        "if keep and not service:",
        "if False:",
        "tests/engine/core/test_limits.py",
    ),
    "without the rank": Mutation(
        "engine/core/holding.py",
        "_decide(turn, min(wanting, key=lambda journey: _rank(turn, journey)))",
        "_decide(turn, wanting[0])",
        "tests/engine/core/test_limits.py",
    ),
    "without the consent to personalisation": Mutation(
        "engine/core/remembering.py",
        "if purpose is not None and not windows.is_known(bundle, purpose, at):",
        "if False:",
        "tests/engine/core/test_changes.py",
    ),
    "without the revocation": Mutation(
        "engine/delivery/mailer.py",
        "if stop is not None and stop.leaf > permit.leaf:",
        "if False:",
        "tests/engine/delivery/test_mailer.py",
    ),
    "without the deadline": Mutation(
        "engine/delivery/mailer.py",
        "return self._clock() <= permit.deadline and",
        "return",
        "tests/engine/delivery/test_mailer.py",
    ),
}

_PROMISE = "tests/engine/model/test_promise.py"
MUTATIONS |= {name: Mutation(file, text, instead, _PROMISE) for name, file, text, instead in BROKEN}
MUTATIONS |= {one.what: Mutation(*one.edits[0], one.test, one.edits[1:]) for one in BROKEN_DEFENCES}


def run(place: Path, tests: str) -> "subprocess.CompletedProcess[str]":
    """The tests of a copied tree, run on that tree: of a whole file those that are fast, and the one that is
    named by itself in any case."""
    marked = "" if "::" in tests else "not slow"
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-n0", "-m", marked, "-p", "no:cacheprovider", tests],
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


as_it_stands = cache(run)
"""The tests of the tree before anything is broken: the same for all faults that they must notice."""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("tree")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, place / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, place / name)
    return place


@pytest.mark.parametrize("name", MUTATIONS)
def test_each_guard_that_is_taken_out_stands_in_the_code(name: str) -> None:
    """Code that moved takes its mutation along: the slow test below breaks what it means to break."""
    mutation = MUTATIONS[name]
    for file, written, instead in mutation.edits:
        assert (ROOT / file).read_text("utf-8").count(written) == 1
        assert written != instead
    assert (ROOT / mutation.tests.partition("::")[0]).is_file()


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTATIONS)
def test_a_missing_guard_is_noticed(tree: Path, name: str) -> None:
    """Green as it stands, red without the guard, by a failed assertion and not by a fault of the copy."""
    mutation = MUTATIONS[name]
    sound = as_it_stands(tree, mutation.tests)
    assert sound.returncode == 0, sound.stdout
    texts = {tree / file: (tree / file).read_text("utf-8") for file, _, _ in mutation.edits}
    try:
        for file, written, instead in mutation.edits:
            path = tree / file
            path.write_text(path.read_text("utf-8").replace(written, instead), "utf-8")
        mutated = run(tree, mutation.tests)
    finally:
        for path, text in texts.items():
            path.write_text(text, "utf-8")
    assert mutated.returncode == 1, mutated.stdout
    assert "= FAILURES =" in mutated.stdout
    assert "= ERRORS =" not in mutated.stdout
