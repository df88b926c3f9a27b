"""The mails that the consent service sends: the one that asks for a confirmation, for projects that have no
`confirm` template of their own, and those that tell of a hold and of another address."""

from collections.abc import Sequence
from importlib.resources import files

from dsl.templates.files import NEW_ADDRESS, NOTICE, OLD_ADDRESS, PROOF, TemplateFile, read_templates

_OURS = files("virta") / "mails"
_FRAME = "_frame.html"
"""What all of them stand in."""

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
    return (*project, *_ours(PROOF, PROOF, "_proof.html", languages))


def with_notice(files: Sequence[TemplateFile], languages: tuple[str, ...]) -> tuple[TemplateFile, ...]:
    """The templates, and those of the mails that tell of a hold and of another address, in the same way. They
    are ours in every project: what they say is what happens."""
    frames = {NOTICE: "_notice.html", NEW_ADDRESS: "_address.html", OLD_ADDRESS: "_address.html"}
    found = {file.path: file for file in files if file.name not in frames}
    for name, frame in frames.items():
        ours = _ours(name, name.rpartition("/")[2], frame, languages)
        found |= {file.path: file for file in ours}
    return tuple(found.values())


def _ours(name: str, called: str, frame: str, languages: tuple[str, ...]) -> tuple[TemplateFile, ...]:
    """A template and its frames by the names that they have for a project, read from ours."""
    given = [(f"templates/virta/{each}", (_OURS / each).read_bytes()) for each in (_FRAME, frame)]
    for language in languages:
        for spoken in (language, language.split("-")[0], *([_FALLBACK] if language == languages[0] else ())):
            ours = _OURS / (f"{called}.{spoken}.html" if spoken not in ("", "en") else f"{called}.html")
            if ours.is_file():
                given.append((f"templates/{name}.{language}.html", ours.read_bytes()))
                break
    read, _ = read_templates(given, languages)
    return read.files
