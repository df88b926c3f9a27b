"""The folder of the extension for VS Code: its grammar is that of the language, and it packs."""

import json
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from virta.command_table import VERSION
from virta.language_server.textmate import textmate_grammar

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "editors" / "vscode"
GRAMMAR = FOLDER / "syntaxes" / "virta.tmLanguage.json"
PACKED = {
    "package.json",
    "readme.md",
    "icon.png",
    "file.svg",
    "language-configuration.json",
    "dist/extension.js",
    "syntaxes/virta.tmLanguage.json",
}


def package() -> Any:
    return json.loads((FOLDER / "package.json").read_text("utf-8"))


def test_the_grammar_is_that_of_the_language(update: bool) -> None:
    """A word that the language learns is coloured: run this test with --update."""
    text = json.dumps(textmate_grammar(), indent=2, ensure_ascii=False) + "\n"
    if update:
        GRAMMAR.write_text(text, "utf-8")
    assert GRAMMAR.read_text("utf-8") == text


def test_the_extension_has_the_version_of_virta() -> None:
    """They are made together."""
    assert package()["version"] == VERSION


def test_every_file_that_the_extension_names_is_there() -> None:
    """But for the one that is built."""
    said = re.findall(r'"\./([^"]+)"', (FOLDER / "package.json").read_text("utf-8"))
    assert said
    for name in {*said, package()["icon"]} - {"dist/extension.js"}:
        assert (FOLDER / name).is_file(), name


def test_the_lock_names_no_place_of_its_packages() -> None:
    """Whoever installs takes them from the registry that is set up."""
    assert '"resolved"' not in (FOLDER / "package-lock.json").read_text("utf-8")


@pytest.mark.slow
def test_the_extension_packs_with_the_tool_of_the_registry(tmp_path: Path) -> None:
    """It holds what it needs and nothing else; its grammar colours the flows of the coffee shop."""
    folder = tmp_path / "vscode"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("node_modules", "dist"))
    for command in ("npm ci --ignore-scripts", "npm test", "npm run package"):
        done = subprocess.run(
            command.split(),
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "FLOWS": str(ROOT / "examples" / "kafija")},
        )
        assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(folder / "dist" / "virta.vsix") as packed:
        held = {
            name.removeprefix("extension/") for name in packed.namelist() if name.startswith("extension/")
        }
        assert held == PACKED
        assert "LanguageClient" in packed.read("extension/dist/extension.js").decode()
