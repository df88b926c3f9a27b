"""The server itself: what the protocol asks, handed to the features."""

import asyncio
from collections.abc import Callable
from datetime import date
from pathlib import Path

from lsprotocol import types
from pygls import uris
from pygls.lsp.server import LanguageServer

from virta.command_table import VERSION
from virta.language_server.findings import SOURCE, diagnostics
from virta.language_server.mending import quick_fixes
from virta.language_server.settings_faults import SETTINGS
from virta.language_server.snapshot import Snapshot
from virta.language_server.workspace import Workspace
from virta.settings import BrokenProject

_PAUSE = 0.15
"""Seconds without a key before a project is checked."""


class FlowServer(LanguageServer):
    """Holds the editor's texts, and which findings it was told."""

    def __init__(self, today: Callable[[str], date], pause: float = _PAUSE) -> None:
        super().__init__("virta", VERSION, types.TextDocumentSyncKind.Full)
        self.files = Workspace(today)
        self._pause = pause
        self._told: dict[Path, dict[str, list[types.Diagnostic]]] = {}
        self._uris: dict[Path, str] = {}
        self._waiting: dict[Path, asyncio.TimerHandle] = {}

    # ------------------------------------------------------------ places

    def path(self, uri: str) -> Path | None:
        """The file that a URI means; None for what is no file."""
        found = uris.to_fs_path(uri)
        if found is None:
            return None
        path = Path(found)
        self._uris.setdefault(path, uri)
        return path

    def uri(self, path: Path) -> str:
        """The URI of a file, as the editor writes it."""
        return self._uris.get(path) or path.as_uri()

    def located(self, uri: str) -> tuple[Snapshot, str] | None:
        """The project in which a file stands, as it is now, and the file's path in it."""
        path = self.path(uri)
        folder = path and self.files.folder_of(path)
        if path is None or folder is None:
            return None
        try:
            snapshot = self.files.snapshot(folder)
        except BrokenProject:
            return None
        file = path.relative_to(folder).as_posix()
        return (snapshot, file) if snapshot.has(file) else None

    # ------------------------------------------------------------ findings

    def check_soon(self, uri: str) -> None:
        """Check the project of a file as soon as no key has been pressed for a moment."""
        path = self.path(uri)
        folder = path and self.files.folder_of(path)
        if folder is None:
            return
        if waiting := self._waiting.pop(folder, None):
            waiting.cancel()
        loop = asyncio.get_running_loop()
        self._waiting[folder] = loop.call_later(self._pause, self.check, folder)

    def check(self, folder: Path) -> None:
        """Check a project, and tell the editor which findings have come, changed or gone."""
        self._waiting.pop(folder, None)
        try:
            found = diagnostics(self.files.snapshot(folder))
        except BrokenProject as fault:
            found = {SETTINGS: [_unreadable(str(fault))]}
        before = self._told.get(folder, {})
        for file in sorted(before.keys() | found.keys()):
            if found.get(file, []) != before.get(file, []):
                path = folder / file
                self.text_document_publish_diagnostics(
                    types.PublishDiagnosticsParams(self.uri(path), found.get(file, []))
                )
        self._told[folder] = found


def _unreadable(message: str) -> types.Diagnostic:
    start = types.Position(0, 0)
    return types.Diagnostic(types.Range(start, start), message, types.DiagnosticSeverity.Error, source=SOURCE)


def make_server(today: Callable[[str], date], pause: float = _PAUSE) -> FlowServer:
    """A server with all features. `today` gives the date in a time zone; a project is checked after `pause`
    seconds without a key."""
    server = FlowServer(today, pause)

    @server.feature(types.INITIALIZED)
    def _initialized(params: types.InitializedParams) -> None:
        for each in server.workspace.folders.values():
            server.check_soon(f"{each.uri}/{SETTINGS}")

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def _opened(params: types.DidOpenTextDocumentParams) -> None:
        _take(server, params.text_document.uri, params.text_document.text)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def _changed(params: types.DidChangeTextDocumentParams) -> None:
        _take(server, params.text_document.uri, params.content_changes[-1].text)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def _closed(params: types.DidCloseTextDocumentParams) -> None:
        if path := server.path(params.text_document.uri):
            server.files.close(path)
        server.check_soon(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def _saved(params: types.DidSaveTextDocumentParams) -> None:
        server.check_soon(params.text_document.uri)

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def _watched(params: types.DidChangeWatchedFilesParams) -> None:
        for change in params.changes:
            server.check_soon(change.uri)

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix]),
    )
    def _actions(params: types.CodeActionParams) -> list[types.CodeAction]:
        uri = params.text_document.uri
        if (found := server.located(uri)) is None:
            return []
        return quick_fixes(*found, uri, params.range)

    return server


def _take(server: FlowServer, uri: str, text: str) -> None:
    if path := server.path(uri):
        server.files.set_text(path, text)
        server.check_soon(uri)
