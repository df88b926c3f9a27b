"""docs/tutorial.md holds from its first line to its last: what it says to type is typed, what it says to
write is written, and what comes back is what it shows."""

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

import httpx2
import pytest
from as_shown import fits
from serving import Served, eventually

from virta.command import run
from virta.mailbox.reader import mails

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "tutorial.md").read_text("utf-8")
PIECE = re.compile(
    r"^```(?P<kind>\w+)(?: (?P<path>\S+))?\n(?P<text>.*?)^```$"
    r"|^\*\*In the (?P<place>[\w ]+):\*\* (?P<act>.+?)\n\n",
    re.MULTILINE | re.DOTALL,
)
PORT = "127.0.0.1:8025"


def edited(text: str, diff: str) -> str:
    """A file after an edit that the page shows: `-` lines go, `+` lines come, the others say where."""
    lines = diff.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if line[0] != "+")
    after = "".join(line[1:] for line in lines if line[0] != "-")
    assert text.count(before) == 1, f"it is not clear where to put\n{diff}"
    return text.replace(before, after)


@dataclass
class Reader:
    """Somebody who does what the page says, from a folder of their own."""

    folder: Path
    printed: Callable[[], str]
    move: Callable[[Path], None]
    served: Served | None = None
    met: list[str] = field(default_factory=list)

    def do(self, piece: re.Match[str]) -> None:
        """One block, or one thing to do elsewhere."""
        if piece["place"]:
            self.act(piece["act"])
        elif piece["kind"] == "console":
            for command, shown in re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", piece["text"], re.MULTILINE):
                self.type(command, shown)
        elif piece["path"] is None:
            self.compare(piece["text"])
        elif piece["kind"] == "diff":
            path = self.folder / piece["path"]
            path.write_text(edited(path.read_text("utf-8"), piece["text"]), "utf-8")
        else:
            path = self.folder / piece["path"]
            assert not path.exists(), f"{piece['path']} is there already"
            path.write_text(piece["text"], "utf-8")
        self.met.append(piece["place"] or piece["kind"])

    def compare(self, text: str) -> None:
        """A file that is there already stands on the page as it is."""
        files = [path.read_text("utf-8") for path in self.folder.rglob("*.flow")]
        assert text in files

    def type(self, command: str, shown: str) -> None:
        """A command, whose output must be what the page shows."""
        program, *words = shlex.split(command)
        if program == "cd":
            self.folder = self.folder / words[0]
            self.move(self.folder)
        elif program == "curl":
            assert fits(shown, self.curl(*words)), command
        elif words[0] == "serve":
            assert self.served is None, "two servers at once"
            self.served = Served(self.folder, *words[1:])
            assert fits(shown, self.as_on_the_page(self.served.first_line)), self.served.first_line
        elif words[0] == "mailbox":  # a mail is under way for a moment
            eventually(lambda: fits(shown, self.output(words)))
        else:
            assert program == "virta"
            printed = self.output(words)
            assert fits(shown, printed), f"{command}\n{printed}"

    def output(self, words: list[str]) -> str:
        self.printed()
        run(words)
        return self.as_on_the_page(self.printed())

    def as_on_the_page(self, text: str) -> str:
        """The test's server takes any free port; the reader's has the usual one."""
        return text.replace(self.site.removeprefix("http://"), PORT) if self.served else text

    @property
    def site(self) -> str:
        assert self.served is not None
        return self.served.url

    def curl(self, url: str, *words: str) -> str:
        """What `curl` prints for an address, headers (`-H`) and a body from a file (`-d @FILE`)."""
        options = list(zip(words[::2], words[1::2], strict=True))
        headers = dict(value.split(": ") for option, value in options if option == "-H")
        [body] = [value.removeprefix("@") for option, value in options if option == "-d"]
        assert len(headers) + 1 == len(options)
        data = (self.folder / body).read_bytes()
        return httpx2.post(url.replace(f"http://{PORT}", self.site), headers=headers, content=data).text

    def act(self, what: str) -> None:
        """What is not typed: the form, the button behind a link, Ctrl-C."""
        if "Ctrl-C" in what:
            assert self.served is not None
            assert self.served.stop() == 0
            assert self.served.plain() == []
            self.served = None
        elif "/signup" in what:
            [box] = re.findall("tick “(.+?)”", what)
            [address] = re.findall("enter `(.+?)`", what)
            self.sign_up(box, address)
        else:
            assert "first link and press the button" in what
            self.press()

    def sign_up(self, box: str, address: str) -> None:
        page = httpx2.get(f"{self.site}/signup").text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
        boxes = re.findall(
            r'name="topic" value="(\w+)" id="\S+">\s*<span><strong>(.*?)</strong>', unescape(page)
        )
        [topic] = [name for name, title in boxes if title == box]
        done = httpx2.post(f"{self.site}/signup", data=hidden | {"topic": topic, "email": address})
        assert done.status_code == 200

    def press(self) -> None:
        asked = (
            next(iter(mails(self.folder / "stores" / "mailbox"))).parsed().get_body(("plain",)).get_content()
        )
        link = re.search(r"http\S+", asked)
        assert link is not None
        assert "<button" in httpx2.get(link[0]).text
        assert httpx2.post(link[0]).status_code == 200


@pytest.fixture
def reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Reader]:
    """A reader in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def printed() -> str:
        done = capsys.readouterr()
        return done.out + done.err

    one = Reader(tmp_path, printed, monkeypatch.chdir)
    yield one
    if one.served is not None:
        one.served.__exit__(None, None, None)


def test_whoever_does_what_the_page_says_sees_what_it_shows(reader: Reader, update: bool) -> None:
    """All of it, in order, and nothing else. `--update` draws the picture anew."""
    for piece in PIECE.finditer(PAGE):
        line = PAGE.count("\n", 0, piece.start()) + 1
        try:
            reader.do(piece)
        except AssertionError as fault:
            raise AssertionError(f"docs/tutorial.md, line {line}: {fault}") from fault
    assert reader.met.count("console") >= 20
    assert reader.served is None
    drawn, [shown] = reader.folder / "pictures", re.findall(r"!\[.+?\]\((.+?)\)", PAGE)
    if update:
        (DOCS / shown).write_bytes((drawn / Path(shown).name).read_bytes())
    assert (DOCS / shown).read_bytes() == (drawn / Path(shown).name).read_bytes()


def test_no_block_of_the_page_is_passed_over() -> None:
    """Each fence and each bold `In the …` is something that the reader does."""
    pieces = list(PIECE.finditer(PAGE))
    assert PAGE.count("\n```") == 2 * sum(1 for piece in pieces if piece["kind"])
    assert PAGE.count("**In the ") == sum(1 for piece in pieces if piece["place"])


def test_an_edit_must_fit_one_place() -> None:
    """Neither none nor two, so that nobody has to guess."""
    assert edited("a\nb\nc\n", " a\n-b\n+d\n") == "a\nd\nc\n"
    for text in ("a\n", "a\nb\na\nb\n"):
        with pytest.raises(AssertionError, match="where to put"):
            edited(text, " a\n-b\n+d\n")


def test_it_takes_fifteen_minutes() -> None:
    """The minutes beside the headings, and no heading of a step without them."""
    steps = re.findall(r"^## \d\. .*$", PAGE, re.MULTILINE)
    minutes = [int(found[1]) for step in steps if (found := re.search(r"\((\d+) minutes?\)$", step))]
    assert len(minutes) == len(steps)
    assert sum(minutes) <= 15
