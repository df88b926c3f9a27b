"""The language server, as an editor speaks with it."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from edited_project import FILES, FLOW, SCENARIO
from language_client import PATIENCE, LanguageClient, handshake, running

VIRTA = str(Path(sys.executable).with_name("virta"))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small project on the disk. No test changes a file of it."""
    folder = tmp_path_factory.mktemp("stall")
    for path, content in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, "utf-8")
    return folder


@pytest.fixture(scope="module")
def server(shop: Path) -> Iterator[LanguageClient]:
    with running(shop) as client:
        yield client


@pytest.fixture
def editor(server: LanguageClient, shop: Path) -> Iterator[LanguageClient]:
    """An editor in which the flow is open; afterwards nothing is."""
    server.open(shop / "flows" / "thanks.flow")
    yield server
    server.close_all()


@pytest.fixture
def flow(shop: Path) -> Path:
    return shop / "flows" / "thanks.flow"


def codes(found: list[Any]) -> list[str]:
    return [each["code"] for each in found]


# ------------------------------------------------------------------ findings


def test_findings_come_as_one_types_and_go_when_mended(editor: LanguageClient, flow: Path) -> None:
    """The unsaved text counts, not the file."""
    editor.change(flow, FLOW.replace("order_placed where", "order_plased where"))
    (found,) = editor.findings(flow, lambda found: codes(found) == ["E201"])
    assert found["message"].splitlines() == [
        "There is no event `order_plased`.",
        "Write `order_placed`.",
        "`virta explain E201` tells more.",
    ]
    assert found["range"] == {"start": {"line": 2, "character": 13}, "end": {"line": 2, "character": 25}}
    assert found["source"] == "virta"
    assert Path(found["codeDescription"]["href"].removeprefix("file://")).name == "E201.md"
    editor.change(flow, FLOW)
    assert editor.findings(flow) == []


def test_a_change_in_one_file_is_told_of_the_others_too(editor: LanguageClient, shop: Path) -> None:
    """The whole project is checked; files that nobody has open are told of as well."""
    editor.change(shop / "flows" / "thanks.flow", FLOW.replace("flow thanks ", "flow thank_you "))
    found = editor.findings(shop / "scenarios" / "thanks.flow", bool)
    assert "There is no flow `thanks`." in found[0]["message"]
    editor.change(shop / "flows" / "thanks.flow", FLOW)
    assert editor.findings(shop / "scenarios" / "thanks.flow") == []


def test_a_broken_virta_toml_is_a_finding_where_it_is_broken(editor: LanguageClient, shop: Path) -> None:
    """The flows go on being read by the settings that it had."""
    settings = shop / "virta.toml"
    text = settings.read_text("utf-8")
    editor.open(settings, text.replace('currency = "EUR"', "currency = 5"))
    (found,) = editor.findings(settings, bool)
    assert found["message"] == "`currency` must be a text in quotes; it is a whole number."
    assert found["range"]["start"] == {"line": 2, "character": 0}
    assert editor.at("textDocument/hover", shop / "flows" / "thanks.flow", 1, 12) is not None
    editor.change(settings, text + "[sender")
    assert editor.findings(settings, bool)[0]["range"]["start"]["line"] == text.count("\n")
    editor.change(settings, text)
    assert editor.findings(settings) == []


def test_a_closed_file_is_read_from_the_disk_again(editor: LanguageClient, flow: Path) -> None:
    """What was not saved is gone."""
    editor.change(flow, FLOW.replace("topic news", "topic nws"))
    assert codes(editor.findings(flow, bool)) == ["E204"]
    editor.close(flow)
    assert editor.findings(flow) == []


def test_a_template_has_findings(editor: LanguageClient, shop: Path) -> None:
    """Against what the flows give to it."""
    mail = shop / "templates" / "hello.html"
    text = mail.read_text("utf-8")
    editor.open(mail, text.replace("trigger.order_id", "trigger.order_no"))
    (found,) = editor.findings(mail, bool)
    assert "order_no" in found["message"]


def test_a_file_that_is_not_saved_yet_belongs_to_the_project(editor: LanguageClient, shop: Path) -> None:
    """Its first lines are checked as they are written."""
    new = shop / "flows" / "new.flow"
    editor.open(new, 'flow second "Second"\n    topic news\n')
    assert codes(editor.findings(new, bool)) != []
    assert new.exists() is False


def test_a_faulty_line_can_be_mended_by_its_help(editor: LanguageClient, flow: Path) -> None:
    """The fix was tried: the finding is gone with it, and no other has come."""
    editor.change(flow, FLOW.replace("coupon ten", "coupon tenn"))
    (found,) = editor.findings(flow, bool)
    (fix,) = fixes(editor, flow, found)
    assert (fix["title"], fix["kind"], fix["isPreferred"]) == ("Write `ten`", "quickfix", True)
    assert fix["edit"]["changes"] == {flow.as_uri(): [{"range": found["range"], "newText": "ten"}]}
    assert fix["diagnostics"] == [found]


def test_no_fix_is_offered_that_does_not_mend(editor: LanguageClient, flow: Path) -> None:
    """This help shows a line to write elsewhere."""
    editor.change(flow, FLOW.replace("send hello with", "send nothing_like_it with"))
    for found in editor.findings(flow, bool):
        assert fixes(editor, flow, found) == []


def fixes(editor: LanguageClient, path: Path, finding: Any) -> list[Any]:
    params = {
        "textDocument": {"uri": path.as_uri()},
        "range": finding["range"],
        "context": {"diagnostics": [finding]},
    }
    found = editor.request("textDocument/codeAction", params)
    assert isinstance(found, list)
    return found


# ------------------------------------------------------------------ questions


def test_questions_are_answered_by_the_unsaved_text(editor: LanguageClient, flow: Path, shop: Path) -> None:
    """Hover, completion, definition and references, with lines that the disk does not have."""
    editor.change(flow, "# 😀\n" + FLOW)
    assert "`topic NAME`" in editor.at("textDocument/hover", flow, 2, 5)["contents"]["value"]
    (place,) = editor.at("textDocument/definition", flow, 2, 10)
    assert place["uri"] == (shop / "schema.flow").as_uri()
    every = editor.at("textDocument/references", flow, 2, 10, context={"includeDeclaration": True})
    assert {"start": {"line": 2, "character": 10}, "end": {"line": 2, "character": 14}} in [
        each["range"] for each in every
    ]
    labels = [each["label"] for each in editor.at("textDocument/completion", flow, 2, 10)]
    assert labels == ["news"]


def test_a_blank_that_begins_a_line_asks_for_nothing(editor: LanguageClient, flow: Path) -> None:
    """Whoever indents wants no list in her way."""
    typed = {"triggerKind": 2, "triggerCharacter": " "}
    assert editor.at("textDocument/completion", flow, 1, 2, context=typed) == []
    assert editor.at("textDocument/completion", flow, 1, 10, context=typed) != []


def test_a_name_is_changed_everywhere_or_refused_with_a_reason(
    editor: LanguageClient, flow: Path, shop: Path
) -> None:
    """The files of a mail are renamed as well."""
    place = editor.at("textDocument/prepareRename", flow, 5, 10)
    assert place["placeholder"] == "hello"
    edit = editor.at("textDocument/rename", flow, 5, 10, newName="greeting")
    moved = [each for each in edit["documentChanges"] if each.get("kind") == "rename"]
    assert [Path(each["newUri"]).name for each in moved] == ["greeting.html", "greeting.lv.html"]
    question = {"textDocument": {"uri": flow.as_uri()}, "position": {"line": 1, "character": 11}}
    refused = editor.failure("textDocument/rename", question | {"newName": "send"})
    assert refused.startswith("`send` is a word of the language")


def test_a_file_has_an_outline_folds_and_lenses(editor: LanguageClient, flow: Path) -> None:
    """Steps below their flow; how many mails it comes to; how many scenarios play it."""
    whole = {"textDocument": {"uri": flow.as_uri()}}
    (outline,) = editor.request("textDocument/documentSymbol", whole)
    assert (outline["name"], outline["detail"]) == ("thanks", "Thanks")
    assert [each["name"] for each in outline["children"]] == ["hello", "keen", "offer"]
    assert [each["name"] for each in outline["children"][2]["children"]] == ["plain", "money"]
    folds = {
        (each["startLine"], each["endLine"]) for each in editor.request("textDocument/foldingRange", whole)
    }
    assert folds == {(0, 13), (7, 8), (9, 13), (10, 11), (12, 13)}
    titles = [each["command"]["title"] for each in editor.request("textDocument/codeLens", whole)]
    assert titles == ["at most 2 mails in 2 days", "1 scenario"]


def test_a_file_is_laid_out_as_virta_fmt_does(editor: LanguageClient, flow: Path) -> None:
    """A faulty one stays as it is."""
    options = {"textDocument": {"uri": flow.as_uri()}, "options": {"tabSize": 4, "insertSpaces": True}}
    assert editor.request("textDocument/formatting", options) == []
    editor.change(
        flow, "\r\n".join(FLOW.replace("    wait 2 days", "    wait   2 days").splitlines()) + "\r\n"
    )
    (edit,) = editor.request("textDocument/formatting", options)
    assert edit["newText"] == FLOW
    assert edit["range"]["end"] == {"line": FLOW.count("\n"), "character": 0}
    editor.change(flow, FLOW + "    sendd\n")
    assert editor.request("textDocument/formatting", options) == []


def test_a_file_outside_of_a_project_breaks_nothing(editor: LanguageClient, tmp_path: Path) -> None:
    """There is nothing to say about it, and the server goes on."""
    stray = tmp_path / "stray.flow"
    editor.open(stray, SCENARIO)
    assert editor.at("textDocument/completion", stray, 1, 4) == []
    assert editor.at("textDocument/hover", stray, 1, 4) is None
    assert editor.at("textDocument/rename", stray, 1, 4, newName="x") is None


def test_a_picture_in_the_editor_is_no_fault(editor: LanguageClient, flow: Path) -> None:
    """Not all that an editor shows is a file."""
    document = {"uri": "untitled:Untitled-1", "languageId": "virta", "version": 1, "text": "flow"}
    editor.notify("textDocument/didOpen", {"textDocument": document})
    assert editor.at("textDocument/hover", flow, 1, 12) is not None


# ------------------------------------------------------------------ ways to start it


def test_it_is_started_as_vs_code_starts_it(shop: Path, flow: Path) -> None:
    """Its client says `--stdio` to every server, as the protocol recommends."""
    with running(shop, "--stdio") as editor:
        document = {
            "uri": flow.as_uri(),
            "languageId": "virta",
            "version": 1,
            "text": flow.read_text("utf-8"),
        }
        editor.notify("textDocument/didOpen", {"textDocument": document})
        assert editor.at("textDocument/hover", flow, 1, 12) is not None


def test_only_one_way_to_speak_can_be_named() -> None:
    """In one line, with what to do."""
    done = subprocess.run(
        [VIRTA, "lsp", "--stdio", "--port", "2087"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "virta: `--port` and `--stdio` name two ways to speak: write one of them.\n"


def test_it_serves_on_a_port_of_this_machine(shop: Path) -> None:
    """For editors that are told an address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [VIRTA, "lsp", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr
        try:
            assert process.stderr.readline().decode() == f"virta: waiting for an editor on 127.0.0.1:{port}\n"
            with (
                socket.create_connection(("127.0.0.1", port), PATIENCE) as line,
                line.makefile("rwb") as both,
            ):
                client = LanguageClient(both, both)
                assert handshake(client, shop)["hoverProvider"] is not False
                client.request("shutdown")
                client.notify("exit", None)
                assert process.wait(PATIENCE) == 0
        finally:
            process.kill()


@pytest.mark.parametrize("port", ["0", "70000"])
def test_a_port_that_there_is_not_is_refused(port: str) -> None:
    """In one line, with what to do."""
    done = subprocess.run([VIRTA, "lsp", "--port", port], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"virta: {port} is no port: write a number from 1 to 65535.\n"


def test_without_its_library_it_says_how_to_install_it(tmp_path: Path) -> None:
    """pygls comes with an extra."""
    hidden = "import sys; sys.modules['pygls'] = None; from virta.command import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", hidden, "lsp"], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install 'virta[lsp]'" in done.stderr


def test_after_many_keys_the_last_text_counts(editor: LanguageClient, flow: Path) -> None:
    """However fast they come."""
    for number in range(1, 101):
        editor.change(flow, FLOW + f"    wait {number} dayz\n", version=number)
    editor.change(flow, FLOW.replace("topic news", "topic nws"), version=101)
    assert codes(editor.findings(flow, lambda found: "E204" in codes(found))) == ["E204"]
