"""Styles written into each tag of a mail, for mail programs that drop what stands in its head.

The mail itself is not read and written anew: that would move what stands between the rows of a table, where
Jinja's statements do. A copy in which every tag has a number tells which styles each gets.
"""

import re
from collections.abc import Iterator
from html import escape
from itertools import count

# Nothing is read twice: no group gives back what it took, and what has no end goes on to the end of the text.
_PART = re.compile(
    r"<!--(?:-?>|.*?(?:-->|\Z))"
    r"|<(?P<raw>style|script|title|textarea)\b[^>]*+(?:>.*?(?:</(?P=raw)\s*+>|\Z)|\Z)"
    r"""|<(?P<name>[a-z][^\s/>]*+)(?P<attributes>(?:[^<>"']++|"[^"]*+"|'[^']*+')*+)(?P<end>>)?""",
    re.DOTALL | re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"""(?<!\s)\s++([^\s=/>"']++)(?:\s*+=\s*+("[^"]*+"|'[^']*+'|[^\s"'>]++))?""")


def inlined(html: str, css: str, mark: str) -> str:
    """The mail with the rules of `css` in its tags, behind which a tag's own style comes. What speaks of no
    tag (`@media`, `:hover`) is left out. `mark` is a word that stands nowhere in the mail."""
    styles = _styles(html, css, f"data-{mark}")
    tags = count()

    def write(found: re.Match[str]) -> str:
        if not found["end"]:
            return found.group()
        style = styles.get(next(tags), "")
        return _styled(found, style) if style else found.group()

    return _PART.sub(write, html)


def _styles(html: str, css: str, number: str) -> dict[int, str]:
    """By the number of a tag, what the rules give it, fit for an attribute in double quotes."""
    tags = count()

    def bare(found: re.Match[str]) -> str:
        if not found["end"]:
            return found.group()
        kept = "".join(text for name, _, text in _attributes(found) if name != "style")
        return f'<{found["name"]} {number}="{next(tags)}"{kept}{_end(found)}'

    styles: dict[int, str] = {}
    for found in _PART.finditer(_inline(_PART.sub(bare, html), css)):
        if found["end"]:
            given = {name: value for name, value, _ in _attributes(found)}
            if number in given and given.get("style"):
                styles[int(given[number])] = escape(given["style"], quote=False)
    return styles


def _styled(tag: re.Match[str], style: str) -> str:
    """The tag with this style in front of its own, which is the stronger one."""
    written, own = "", ""
    for name, value, text in _attributes(tag):
        if name == "style":
            own = value.replace('"', "&quot;")
        else:
            written += text
    both = f"{style.rstrip('; ')};{own}" if own.strip() else style
    return f'<{tag["name"]}{written} style="{both}"{_end(tag)}'


def _inside(tag: re.Match[str]) -> str:
    """The attributes of a tag, without the slash that stands before its end and the blanks before that."""
    return tag["attributes"].removesuffix("/").rstrip()


def _end(tag: re.Match[str]) -> str:
    """What is left of a tag behind its attributes."""
    return tag["attributes"][len(_inside(tag)) :] + tag["end"]


def _attributes(tag: re.Match[str]) -> Iterator[tuple[str, str, str]]:
    """Name, value without its quotes, and the whole as it is written, of each attribute."""
    for found in _ATTRIBUTE.finditer(_inside(tag)):
        value = found[2] or ""
        yield found[1].lower(), value[1:-1] if value[:1] in ("'", '"') else value, found.group()


def _inline(html: str, css: str) -> str:
    from css_inline import CSSInliner  # a compiled library that few projects need

    inliner = CSSInliner(
        inline_style_tags=False, keep_style_tags=True, load_remote_stylesheets=False, extra_css=css
    )
    return inliner.inline(html)
