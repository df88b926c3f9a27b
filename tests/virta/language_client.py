"""An editor for tests: it starts the real server and speaks the protocol over its pipes."""

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

CAPABILITIES = {"workspace": {"workspaceEdit": {"documentChanges": True, "resourceOperations": ["rename"]}}}
PATIENCE = 60
"""Seconds after which a server that says nothing is taken for dead."""


class LanguageClient:
    """Sends requests and notifications; what comes unasked is kept until someone waits for it."""

    def __init__(self, to: BinaryIO, out: BinaryIO) -> None:
        self._to = to
        self._messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._unasked: list[dict[str, Any]] = []
        self._number = 0
        self._open: set[Path] = set()
        self._reader = threading.Thread(target=self._read, args=(out,), daemon=True)
        self._reader.start()

    def request(self, method: str, params: Any = None) -> Any:
        """The result of a request; its error raises `AssertionError`."""
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        answer = self._until(lambda each: each.get("id") == self._number and "method" not in each)
        assert "error" not in answer, answer
        return answer["result"]

    def failure(self, method: str, params: Any) -> str:
        """The message with which a request is refused."""
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        answer = self._until(lambda each: each.get("id") == self._number and "method" not in each)
        message = answer["error"]["message"]
        assert isinstance(message, str)
        return message

    def notify(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def open(self, path: Path, text: str | None = None) -> None:
        """Show a file, with another text than it has on the disk if that is wanted."""
        self._open.add(path)
        text = path.read_bytes().decode() if text is None else text
        document = {"uri": path.as_uri(), "languageId": "virta", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})

    def change(self, path: Path, text: str, version: int = 2) -> None:
        self.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": path.as_uri(), "version": version},
                "contentChanges": [{"text": text}],
            },
        )

    def close(self, path: Path) -> None:
        """Show a file no more."""
        self._open.discard(path)
        self.notify("textDocument/didClose", {"textDocument": {"uri": path.as_uri()}})

    def close_all(self) -> None:
        """Show nothing, and forget what was told and not asked for."""
        for path in sorted(self._open):
            self.close(path)
        self._unasked.clear()

    def findings(self, path: Path, when: Callable[[list[Any]], bool] = lambda found: True) -> list[Any]:
        """The next diagnostics of a file that are as wanted."""
        told = self._until(
            lambda each: (
                each.get("method") == "textDocument/publishDiagnostics"
                and each["params"]["uri"] == path.as_uri()
                and when(each["params"]["diagnostics"])
            )
        )
        found = told["params"]["diagnostics"]
        assert isinstance(found, list)
        return found

    def at(self, method: str, path: Path, line: int, character: int, **more: Any) -> Any:
        """The result of a request about a position (from 0)."""
        place = {"textDocument": {"uri": path.as_uri()}, "position": {"line": line, "character": character}}
        return self.request(method, place | more)

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._to.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._to.flush()

    def _until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        for index, message in enumerate(self._unasked):
            if wanted(message):
                return self._unasked.pop(index)
        while True:
            message = self._messages.get(timeout=PATIENCE)
            assert message is not None, "The server has ended."
            if wanted(message):
                return message
            self._unasked.append(message)

    def _read(self, out: BinaryIO) -> None:
        while header := out.readline():
            length = int(header.split(b":")[1])
            while out.readline().strip():
                pass
            self._messages.put(json.loads(out.read(length)))
        self._messages.put(None)


def handshake(client: LanguageClient, folder: Path) -> dict[str, Any]:
    """Begin the conversation; the server's capabilities."""
    folders = [{"uri": folder.as_uri(), "name": folder.name}]
    params = {
        "processId": None,
        "rootUri": folder.as_uri(),
        "capabilities": CAPABILITIES,
        "workspaceFolders": folders,
    }
    capabilities = client.request("initialize", params)["capabilities"]
    client.notify("initialized", {})
    assert isinstance(capabilities, dict)
    return capabilities


@contextmanager
def running(folder: Path, *words: str) -> Iterator[LanguageClient]:
    """A server over pipes that has been greeted, and that ends as the protocol says. `words` are more that
    it is started with."""
    virta = str(Path(sys.executable).with_name("virta"))
    with subprocess.Popen(
        [virta, "lsp", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        client = LanguageClient(process.stdin, process.stdout)
        try:
            handshake(client, folder)
            yield client
            client.request("shutdown")
            client.notify("exit", None)
            code, said = process.wait(PATIENCE), process.stderr.read().decode()
            assert (code, said) == (0, ""), said
        finally:
            process.kill()
