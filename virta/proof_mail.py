"""The mail that asks for a confirmation, for projects that have no `confirm` template of their own."""

from collections.abc import Sequence
from importlib.resources import files

from dsl.templates.files import PROOF, TemplateFile, read_templates

_OURS = files("virta") / "mails"
_FRAME = "_proof.html"
_FALLBACK = ""  # the file without a language, in English


def proof_subjects(templates: Sequence[TemplateFile], default: str) -> dict[str, str]:
    """By language, what the proof mail is called; those that hold values are left out."""
    subjects = {
        file.language or default: file.header.get("subject", "") for file in templates if file.name == PROOF
    }
    return {language: words for language, words in subjects.items() if words and "{" not in words}


def with_proof(project: Sequence[TemplateFile], languages: tuple[str, ...]) -> tuple[TemplateFile, ...]:
    """The project's templates, and ours for the proof mail if it has none, in each of its languages that we
    speak. The first language is spoken in any case, by English words if need be."""
    if any(file.name == PROOF for file in project):
        return tuple(project)
    given = [(f"templates/{_FRAME}", (_OURS / _FRAME).read_bytes())]
    for language in languages:
        for spoken in (language, language.split("-")[0], *([_FALLBACK] if language == languages[0] else ())):
            ours = _OURS / (f"{PROOF}.{spoken}.html" if spoken not in ("", "en") else f"{PROOF}.html")
            if ours.is_file():
                given.append((f"templates/{PROOF}.{language}.html", ours.read_bytes()))
                break
    read, _ = read_templates(given, languages)
    return (*project, *read.files)
