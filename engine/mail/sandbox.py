"""Jinja in a sandbox that sees plain data only, for the templates of one language."""

import re
from collections.abc import Callable, Mapping, Sized
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined, Template, TemplateNotFound, Undefined, nodes
from jinja2.filters import do_center, do_format
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import escape

from dsl.templates.files import in_language
from engine.mail import words
from engine.mail.allowance import PADDING, TURNS, Allowance, check_operation
from engine.mail.generator import Generator

_TURNS = "turns of a loop"  # no template can name it


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
    intercepted_binops = frozenset({"*", "**", "%"})

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
        self.filters |= {"center": _center, "format": _format}
        self.filters[_TURNS] = self._turns
        self._allowance = Allowance()
        self._said: dict[str, Template] = {}

    def said(self, text: str, context: dict[str, Any]) -> str:
        """A short text, such as a subject, filled in."""
        if "{" not in text:
            return text
        template = self._said.get(text)
        if template is None:
            template = self._said[text] = self.from_string(text)
        return self._rendered(template, context)

    signs = staticmethod(re.compile("[&<>\"']").search)
    """Finds what must be escaped in HTML. Nearly no text has any; to see that is a third of the way by
    `Markup`."""

    escaped = staticmethod(escape)
    """A value in HTML."""

    def rendered(self, path: str, context: dict[str, Any]) -> str:
        """The text of a file, filled in."""
        return self._rendered(super().get_template(path), context)

    def _rendered(self, template: Template, context: dict[str, Any]) -> str:
        """As `Template.render` does it, but that the context is not copied: no template changes it."""
        self._allowance.left = TURNS
        return "".join(template.root_render_func(template.new_context(context, shared=True)))

    def get_template(self, *given: Any, **named: Any) -> Template:
        self._allowance.take(1)  # a part that includes itself, twice
        return super().get_template(*given, **named)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        __self._allowance.take(1)
        return super().call(__context, __obj, *args, **kwargs)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        check_operation(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return not (attr in PADDING and isinstance(obj, str)) and super().is_safe_attribute(obj, attr, value)

    def _turns(self, what: Any) -> Any:
        """What a loop goes through, counted before it begins."""
        if isinstance(what, Sized):
            self._allowance.take(len(what))
            return what
        return what if isinstance(what, Undefined) else self._turns(list(what))

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
        for loop in list(tree.find_all(nodes.For)):
            loop.iter = nodes.Filter(loop.iter, _TURNS, [], [], None, None, lineno=loop.lineno)
        return tree


def _center(text: str, width: int = 80) -> str:
    check_operation("*", " ", width)
    return do_center(text, width)


def _format(text: str, *values: Any, **named: Any) -> str:
    check_operation("%", str(text), values)
    return do_format(text, *values, **named)


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
