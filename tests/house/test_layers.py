"""The house: imports run one way, and files stay small."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("virta", "web", "engine", "dsl", "consent")
LONGEST = 400


def sources() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def imported(path: Path) -> set[str]:
    """The full names of the modules that a file imports, those within functions included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            found |= {f"{node.module}.{name.name}" for name in node.names} | {str(node.module)}
    return found


def test_imports_run_from_virta_to_web_to_engine_to_dsl() -> None:
    """The contracts of pyproject.toml hold; import-linter reads them."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("package", ["web", "engine", "dsl"])
def test_consent_is_reached_by_its_client_and_contract_only(package: str) -> None:
    """Only the composition root knows more of the consent service."""
    allowed = ("consent.client", "consent.contract")
    for path in (ROOT / package).rglob("*.py"):
        for name in imported(path):
            if name.split(".")[0] == "consent":
                assert name.startswith(allowed), f"{path.relative_to(ROOT)} imports {name}"


def test_the_core_knows_graphs_and_nothing_else() -> None:
    """engine/core imports dsl.graph, itself, and no library that could do I/O."""
    outside = {"asyncio", "socket", "sqlalchemy", "random", "secrets", "time", "os", "pathlib", "subprocess"}
    for path in (ROOT / "engine" / "core").rglob("*.py"):
        for name in imported(path):
            top = name.split(".")[0]
            assert top not in outside, f"{path.relative_to(ROOT)} imports {name}"
            if top in PACKAGES:
                assert name.startswith(("dsl.graph", "engine.core")) or name == "dsl", (
                    f"{path.relative_to(ROOT)} imports {name}"
                )


def test_the_compiler_touches_no_file_and_no_clock() -> None:
    """dsl/ is pure."""
    outside = {"asyncio", "socket", "sqlalchemy", "random", "secrets", "time", "os", "subprocess"}
    for path in (ROOT / "dsl").rglob("*.py"):
        assert not {name.split(".")[0] for name in imported(path)} & outside, path


def test_no_file_is_longer_than_a_person_reads_at_once() -> None:
    """400 lines at most."""
    long = {
        str(p.relative_to(ROOT)): n for p in sources() if (n := len(p.read_text().splitlines())) > LONGEST
    }
    assert not long


def test_no_module_is_named_for_nothing() -> None:
    """No utils, helpers or common; nothing promises to come back."""
    names = {path.stem for path in sources()}
    assert not names & {"utils", "util", "helpers", "helper", "common", "misc"}
    promise = re.compile(r"\b(TODO|FIXME|XXX)\b")
    assert not [path for path in sources() if promise.search(path.read_text("utf-8"))]
