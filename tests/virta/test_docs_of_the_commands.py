"""The pages about commands, settings and delivery say what holds."""

import inspect
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin

import msgspec
import pytest
from as_shown import fits
from cyclopts import App
from msgspec import Struct

from consent.contract import BESIDE_TOPICS, Outcome
from engine.delivery.retrying import DEFERRALS
from virta.command import run
from virta.command_line import app
from virta.project.folder import load_project
from virta.settings import Settings

ROOT = Path(__file__).parents[2]
COMMANDS = (ROOT / "docs" / "commands.md").read_text("utf-8")
SETTINGS = (ROOT / "docs" / "settings.md").read_text("utf-8")
DELIVERY = (ROOT / "docs" / "delivery.md").read_text("utf-8")


def sections(page: str) -> dict[str, str]:
    """The text below each heading of the second level."""
    parts = re.split(r"^## (.+)$", page, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def rows(text: str) -> list[list[str]]:
    """The cells of the rows of the first table, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


# ------------------------------------------------------------------ commands


def all_commands(of: App, above: tuple[str, ...] = ()) -> Iterator[tuple[str, App]]:
    for name in of:
        if not name.startswith("-"):
            inner = [each for each in of[name] if not each.startswith("-")]
            if inner:
                yield from all_commands(of[name], (*above, name))
            else:
                yield " ".join(("virta", *above, name)), of[name]


COMMAND_LIST = list(all_commands(app()))


def arguments(command: App) -> dict[str, tuple[bool, Any, tuple[str, ...]]]:
    """What a command takes, as the page names it: whether it is required, its default, its choices."""
    found = {}
    for argument in command.assemble_argument_collection():
        name = argument.names[0]
        if argument.field_info.kind is not argument.field_info.KEYWORD_ONLY:
            name = name.removeprefix("--").upper()
        choices = (
            tuple(map(str, get_args(argument.hint))) if "Literal" in str(get_origin(argument.hint)) else ()
        )
        found[f"`{name}`"] = (bool(argument.required), argument.field_info.default, choices)
    return found


def test_every_command_has_a_section_and_every_section_a_command() -> None:
    """In the order of the help, so that none is forgotten."""
    assert sorted(sections(COMMANDS)) == sorted(name for name, _ in COMMAND_LIST)


@pytest.mark.parametrize(("name", "command"), COMMAND_LIST, ids=[name for name, _ in COMMAND_LIST])
def test_every_argument_has_a_row_with_its_default(name: str, command: App) -> None:
    """What is required, what holds otherwise, and each choice by name."""
    section = sections(COMMANDS)[name]
    described = {row[0]: row for row in rows(section)}
    taken = arguments(command)
    assert list(described) == list(taken)
    for argument, (required, default, choices) in taken.items():
        _, shown, meaning = described[argument]
        if required:
            assert shown == "required"
        elif default in (None, "", inspect.Parameter.empty) or default is False:
            assert not shown.startswith("`")
        else:
            assert shown == f"`{default}`"
        for choice in choices:
            assert f"`{choice}`" in meaning


# ------------------------------------------------------------------ examples


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the coffee shop, with the acts that docs/replay.md shows."""
    folder = tmp_path_factory.mktemp("docs") / "kafija"
    leave = shutil.ignore_patterns("stores", "dev-keys.toml", "*.jsonl")
    shutil.copytree(ROOT / "examples" / "kafija", folder, ignore=leave)
    replay = (ROOT / "docs" / "replay.md").read_text("utf-8")
    acts = re.findall(r"^    (\{.*\})$", replay, re.MULTILINE)
    assert len(acts) == 7
    (folder / "acts.jsonl").write_text("\n".join(acts), "utf-8")
    return folder


def test_every_example_of_a_command_is_real(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are run one after the other, as they stand on the page; those of `virta serve` have tests of their
    own, and `virta lsp` speaks with editors."""
    monkeypatch.chdir(shop)
    examples = re.findall(r"^```console\n\$ virta ([^\n]+)\n(.*?)^```", COMMANDS, re.MULTILINE | re.DOTALL)
    assert len(examples) == len(COMMAND_LIST) - 1
    for line, shown in examples:
        if line.startswith("serve"):
            continue
        run(shlex.split(line))
        printed = capsys.readouterr().out
        assert fits(shown, printed), f"virta {line}\n{printed}"


def test_an_example_that_differs_would_be_found() -> None:
    """The comparison is no formality."""
    assert fits("a … c\n", "a b c  \n\n")
    assert not fits("a … c\n", "a b d\n")
    assert not fits("a\n", "a\nb\n")


# ------------------------------------------------------------------ settings


def headings() -> dict[str, type[Struct]]:
    """Each heading of the page, with the Struct that it describes."""
    found: dict[str, type[Struct]] = {"At the top": Settings}
    for field in msgspec.structs.fields(Settings):
        if isinstance(field.type, type) and issubclass(field.type, Struct):
            found[f"[{field.name}]"] = field.type
        inside = get_args(field.type)[-1:] if get_origin(field.type) is dict else ()
        if inside and issubclass(inside[0], Struct):
            names = BESIDE_TOPICS if field.name == "purposes" else ("EVENT",)
            found[", ".join(f"[{field.name}.{name}]" for name in names)] = inside[0]
        for inner in get_args(field.type)[:1]:
            if isinstance(inner, type) and issubclass(inner, Struct):
                found[f"[[{field.name}]]"] = inner
    return found


def described_type(kind: Any) -> str:
    """How the page names a type; what may be left unsaid is named as what it is when it is said."""
    if isinstance(kind, UnionType):
        kind = next(each for each in get_args(kind) if each is not type(None))
    if get_origin(kind) is tuple:
        return "list of text"
    if get_origin(kind) in (dict, Mapping):
        return "table"
    return {int: "whole number", float: "number", bool: "true or false"}.get(kind, "text")


def default_of(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    if field.default in ("", None) or get_origin(field.type) in (dict, Mapping):
        return "none"
    if isinstance(field.default, tuple):
        return "`[" + ", ".join(f'"{each}"' for each in field.default) + "]`"
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"


def test_the_headings_of_the_settings_are_those_of_the_file() -> None:
    """No table of virta.toml without a section, and no section without a table."""
    assert list(sections(SETTINGS)) == list(headings())


@pytest.mark.parametrize("heading", headings())
def test_every_setting_has_its_type_and_its_default(heading: str) -> None:
    """As the program knows them."""
    tables = {name.strip("[]").partition(".")[0] for name in headings()}
    fields = msgspec.structs.fields(headings()[heading])
    if headings()[heading] is Settings:
        fields = tuple(each for each in fields if each.name not in tables)
    assert [row[:3] for row in rows(sections(SETTINGS)[heading])] == [
        [f"`{field.name}`", described_type(field.type), default_of(field)] for field in fields
    ]


def test_the_small_file_of_the_page_is_enough(tmp_path: Path) -> None:
    """With it, an empty project compiles."""
    toml, *_ = re.findall(r"^```toml\n(.*?)^```", SETTINGS, re.MULTILINE | re.DOTALL)
    (tmp_path / "virta.toml").write_text(toml, "utf-8")
    settings, compiled = load_project(tmp_path)
    assert settings.name == "Kafija"
    assert compiled.findings == ()


# ------------------------------------------------------------------ delivery


def test_every_line_of_the_log_is_explained() -> None:
    """With its level: those of the engine, and those of `virta serve`."""
    written = set()
    for folder in ("engine", "virta", "web", "consent"):
        for path in (ROOT / folder).rglob("*.py"):
            written |= set(re.findall(r'\blog\.(info|warning|error)\(\s*"([^"]+)"', path.read_text("utf-8")))
    explained = {
        (level, line)
        for lines, level, _ in rows(sections(DELIVERY)["What stands in the log"])
        for line in re.findall("`([^`]+)`", lines)
    }
    assert explained == written
    assert len(written) > 8


def test_every_outcome_is_explained() -> None:
    """A table of the five, with the engine's pauses between attempts."""
    assert [row[0] for row in rows(sections(DELIVERY)["The way"])] == [f"`{each}`" for each in Outcome]
    pauses = [seconds // 60 for seconds in DEFERRALS]
    assert pauses == [1, 5, 15, 60, 4 * 60, 8 * 60, 12 * 60, 24 * 60]


# ------------------------------------------------------------------ the command itself


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    """One number, in both places."""
    assert run(["--version"]) == 0
    packaged = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert capsys.readouterr().out == f"{packaged}\n"


def test_help_loads_nothing_heavy() -> None:
    """`virta --help` answers at once: the libraries of the commands stay out."""
    program = (
        "import sys\n"
        "from virta.command import run\n"
        "run(['--help'])\n"
        "heavy = {'cyclopts', 'msgspec', 'rich', 'sqlalchemy', 'jinja2', 'starlette', 'lark', 'uvicorn'}\n"
        "heavy |= {'httpx2', 'cryptography'}\n"
        "print('loaded:', sorted(heavy & sys.modules.keys()))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("loaded: []\n")
    for name in ("check", "graph", "simulate", "serve", "mailbox", "consent"):
        assert f" {name} " in done.stdout
