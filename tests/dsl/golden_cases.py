"""The golden cases: a `.flow` file each, with the schema and templates that all of them share."""

from datetime import date
from pathlib import Path

from dsl.compile import Compiled, Project, compile_project

GOLDEN = Path(__file__).parent.parent / "golden"
SHARED_TEMPLATES = tuple(
    (f"templates/{path.name}", path.read_bytes()) for path in sorted((GOLDEN / "templates").iterdir())
)
CODES = (("codes.csv", b"A-1\nB-2\n"),)
SCHEMA = ("schema.flow", (GOLDEN / "schema.flow").read_bytes())


def shared_project(
    *files: tuple[str, bytes],
    templates: tuple[tuple[str, bytes], ...] = (),
    asking: bool = True,
    lists: tuple[tuple[str, bytes], ...] = CODES,
    words: tuple[tuple[str, bytes], ...] | None = None,
) -> Project:
    """Files beside the shared schema; `templates` win over those of the same name. `asking`: people are asked
    for personalisation and measurement. `lists` are the project's lists of codes, `words` its settings and
    what it says in its other languages."""
    merged = dict(SHARED_TEMPLATES) | dict(templates)
    return Project(
        (SCHEMA, *files),
        tuple(merged.items()),
        ("en", "lv"),
        "EUR",
        "Europe/Riga",
        date(2026, 11, 21),
        ("care@kafija.example",),
        ("personalisation", "measurement") if asking else (),
        lists,
        words,
    )


def compiled(
    *files: tuple[str, bytes], templates: tuple[tuple[str, bytes], ...] = (), asking: bool = True
) -> Compiled:
    """What becomes of files beside the shared schema."""
    return compile_project(shared_project(*files, templates=templates, asking=asking))


def compiled_case(path: Path) -> Compiled:
    """Compile a case with the templates, lists and words in the folder of its name, if there is one."""
    folder = path.with_suffix("")
    own = folder / "templates"
    templates = (
        tuple((f"templates/{each.name}", each.read_bytes()) for each in sorted(own.iterdir()))
        if own.is_dir()
        else ()
    )
    lists = tuple((each.name, each.read_bytes()) for each in sorted(folder.glob("*.csv")))
    words = tuple(
        (each.relative_to(folder).as_posix(), each.read_bytes()) for each in sorted(folder.rglob("*.toml"))
    )
    project = shared_project(
        (path.name, path.read_bytes()),
        templates=templates,
        asking="not_asked" not in path.stem,
        lists=lists or CODES,
        words=words or None,
    )
    return compile_project(project)


def compiled_text(text: str) -> Compiled:
    """Compile a text beside the shared schema."""
    return compiled(("case.flow", text.encode()))
