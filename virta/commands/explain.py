"""`virta explain`: what a finding means, with a wrong and a right example."""

import shutil
import sys
from typing import Literal

_WIDEST = 100


def explain(code: str = "", *, format: Literal["text", "json", "markdown"] = "text") -> int:
    """Tell what a finding means and how to mend it, with examples.

    Parameters
    ----------
    code
        The finding, as E101; without it, all of them are listed.
    format
        text for people, json for programs, markdown for pages.
    """
    import msgspec

    from dsl.found.explained import as_data, as_markdown, as_table, as_terminal_text, nearest_codes
    from dsl.found.explanation import explained_codes, explanation
    from virta.settings import BrokenProject
    from virta.terminal.colours import coloured

    asked, known = code.strip().upper(), explained_codes()
    if asked and asked not in known:
        near = nearest_codes(asked, known)
        hint = f"Do you mean {' or '.join(near)}?" if near else "`virta explain` lists them all."
        raise BrokenProject(f"There is no finding {code.strip()}. {hint}")
    pages = [explanation(each) for each in ([asked] if asked else known)]
    colour = coloured(sys.stdout)
    if format == "json":
        told = as_data(pages[0]) if asked else {"explanations": [as_data(page) for page in pages]}
        print(msgspec.json.format(msgspec.json.encode(told), indent=2).decode())
    elif format == "markdown":
        print(as_markdown(pages), end="")
    elif asked:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _WIDEST
        print(as_terminal_text(pages[0], min(width, _WIDEST), colour), end="")
    else:
        print(as_table(pages, colour), end="")
    return 0
