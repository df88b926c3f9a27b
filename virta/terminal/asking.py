"""Questions to whoever sits at the terminal."""


class Unanswered(Exception):
    """Whoever was asked left, by Ctrl-D or Ctrl-C: nothing was agreed to."""


def ask(question: str) -> str:
    """What is typed behind a question, without the blanks around it. Raises `Unanswered`."""
    try:
        return input(question).strip()
    except (EOFError, KeyboardInterrupt):
        print()  # what is said next is not to stand behind the question
        raise Unanswered from None
