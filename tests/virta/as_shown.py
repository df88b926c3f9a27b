"""What a page shows of a command, compared with what the command printed."""


def fits(shown: str, printed: str) -> bool:
    """Whether the example is what was printed: `…` stands for anything, and how many blanks there are and
    whether lines are empty does not count."""

    def tidy(text: str) -> str:
        return "\n".join(" ".join(line.split()) for line in text.splitlines() if line.strip())

    first, *others = tidy(shown).split("…")
    text = tidy(printed)
    if not others:
        return text == first
    *middle, last = others
    if not text.startswith(first):
        return False
    text = text.removeprefix(first)
    for piece in middle:
        _, found, text = text.partition(piece)
        if found != piece:
            return False
    return text.endswith(last)
