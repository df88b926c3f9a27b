"""Jinja in a sandbox that sees plain data only, for the templates of one language."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined, Template, TemplateNotFound, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import escape

from dsl.templates.files import in_language
from engine.mail import words
from engine.mail.generator import Generator


class Unknown(StrictUndefined):
    """Nothing is known: conditions on it are no, as in the flows; shown without `default` it is a fault."""

    @property
    def _undefined_message(self) -> str:
        shown = self._undefined_name or "a value"
        return f"`{shown}` is shown, but not known for this person; write `| default(…)` behind it"

    def _no(self, _other: object = None) -> bool:
        return False

    __bool__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = _no  # type: ignore[assignment]
    __hash__ = object.__hash__  # type: ignore[assignment]


class Sandbox(ImmutableSandboxedEnvironment):
    """The texts of `files`, by path. A layout, part or file of macros is that of `language`, if there is one,
    and sees what the mail sees. Of a record only its fields are seen: `trigger.items` is what was bought,
    never a method of a dict."""

    code_generator_class = Generator

    def __init__(self, files: Mapping[str, str], language: str, escape: bool) -> None:
        super().__init__(
            autoescape=escape,
            undefined=Unknown,
            loader=_Loader(files, language),
            auto_reload=False,
            cache_size=-1,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.globals.clear()
        self.filters |= words.FILTERS
        self._said: dict[str, Template] = {}

    def said(self, text: str, context: dict[str, Any]) -> str:
        """A short text, such as a subject, filled in."""
        if "{" not in text:
            return text
        template = self._said.get(text)
        if template is None:
            template = self._said[text] = self.from_string(text)
        return _rendered(template, context)

    signs = staticmethod(re.compile("[&<>\"']").search)
    """Finds what must be escaped in HTML. Nearly no text has any; to see that is a third of the way by
    `Markup`."""

    escaped = staticmethod(escape)
    """A value in HTML."""

    def rendered(self, path: str, context: dict[str, Any]) -> str:
        """The text of a file, filled in."""
        return _rendered(self.get_template(path), context)

    def getattr(self, obj: Any, attribute: str) -> Any:
        if not isinstance(obj, dict):
            return super().getattr(obj, attribute)
        return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, dict):
            # without its name, which may be a value of the reader's: the fault goes into the journal
            return obj[argument] if argument in obj else self.undefined(obj=obj)
        return super().getitem(obj, argument)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for found in tree.find_all(nodes.Stmt):
            if isinstance(found, nodes.Import | nodes.FromImport):
                found.with_context = True  # a macro that cannot see the language cannot write money
        return tree


def _rendered(template: Template, context: dict[str, Any]) -> str:
    """As `Template.render` does it, but that the context is not copied: no template changes it."""
    return "".join(template.root_render_func(template.new_context(context, shared=True)))


class _Loader(BaseLoader):
    def __init__(self, files: Mapping[str, str], language: str) -> None:
        self._files = files
        self._language = language

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        source = self._files.get(in_language(template, self._language, self._files))
        if source is None:
            raise TemplateNotFound(template)
        return source, None, None
