"""The server itself: what the protocol asks, handed to the features."""

import asyncio
from collections.abc import Callable
from datetime import date
from pathlib import Path

from lsprotocol import types
from pygls import uris
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer

from virta.command_table import VERSION
from virta.language_server.completion import complete, complete_template
from virta.language_server.completion.templates import FOLDER
from virta.language_server.definition import definitions, references
from virta.language_server.findings import SOURCE, diagnostics
from virta.language_server.folding import folds
from virta.language_server.formatting import formatting
from virta.language_server.hover import hover
from virta.language_server.lenses import lenses
from virta.language_server.mending import quick_fixes
from virta.language_server.renaming import NotRenamed, renamable, renamed
from virta.language_server.settings_faults import SETTINGS
from virta.language_server.snapshot import Snapshot
from virta.language_server.symbols import symbols
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

    @property
    def renames_files(self) -> bool:
        """Whether the editor can rename files as part of an edit."""
        workspace = self.client_capabilities.workspace
        edit = workspace.workspace_edit if workspace else None
        operations = edit.resource_operations if edit else None
        return types.ResourceOperationKind.Rename in (operations or ())

    @property
    def fills_in(self) -> bool:
        """Whether the editor leads through the parts of a text that are to be filled in."""
        document = self.client_capabilities.text_document
        completion = document.completion if document else None
        item = completion.completion_item if completion else None
        return bool(item and item.snippet_support)

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
    _follow(server)
    _offer_names(server)
    _offer_pages(server)
    return server


def _follow(server: FlowServer) -> None:
    """What the editor tells: which files are open, and what stands in them."""

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


def _offer_names(server: FlowServer) -> None:
    """What is asked of a position."""

    @server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions([".", " ", '"', "{"]))
    def _completion(params: types.CompletionParams) -> list[types.CompletionItem]:
        if (found := server.located(params.text_document.uri)) is None:
            return []
        snapshot, file = found
        if file.startswith(FOLDER):
            return complete_template(snapshot, file, params.position)
        if _indents(params, snapshot, file):
            return []
        return complete(snapshot, file, params.position, snippets=server.fills_in)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def _hover(params: types.HoverParams) -> types.Hover | None:
        found = server.located(params.text_document.uri)
        return hover(*found, params.position) if found else None

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    def _definition(params: types.DefinitionParams) -> list[types.Location]:
        found = server.located(params.text_document.uri)
        return definitions(*found, params.position, server.uri) if found else []

    @server.feature(types.TEXT_DOCUMENT_REFERENCES)
    def _references(params: types.ReferenceParams) -> list[types.Location]:
        found = server.located(params.text_document.uri)
        declared = params.context.include_declaration
        return references(*found, params.position, server.uri, declared=declared) if found else []

    @server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
    def _prepare_rename(params: types.PrepareRenameParams) -> types.PrepareRenamePlaceholder | None:
        if (found := server.located(params.text_document.uri)) is None:
            return None
        try:
            return types.PrepareRenamePlaceholder(*renamable(*found, params.position))
        except NotRenamed as reason:
            raise JsonRpcInvalidParams(str(reason)) from None

    @server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
    def _rename(params: types.RenameParams) -> types.WorkspaceEdit | None:
        if (found := server.located(params.text_document.uri)) is None:
            return None
        try:
            return renamed(*found, params.position, params.new_name, server.uri, files=server.renames_files)
        except NotRenamed as reason:
            raise JsonRpcInvalidParams(str(reason)) from None


def _offer_pages(server: FlowServer) -> None:
    """What is asked of a whole file, or a part of it."""

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix]),
    )
    def _actions(params: types.CodeActionParams) -> list[types.CodeAction]:
        uri = params.text_document.uri
        found = server.located(uri)
        return quick_fixes(*found, uri, params.range) if found else []

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def _symbols(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        found = server.located(params.text_document.uri)
        return symbols(*found) if found else []

    @server.feature(types.TEXT_DOCUMENT_FOLDING_RANGE)
    def _folding(params: types.FoldingRangeParams) -> list[types.FoldingRange]:
        found = server.located(params.text_document.uri)
        return folds(*found) if found else []

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS)
    def _lenses(params: types.CodeLensParams) -> list[types.CodeLens]:
        found = server.located(params.text_document.uri)
        return lenses(*found) if found else []

    @server.feature(types.TEXT_DOCUMENT_FORMATTING)
    def _formatting(params: types.DocumentFormattingParams) -> list[types.TextEdit]:
        found = server.located(params.text_document.uri)
        return formatting(*found) if found else []


def _indents(params: types.CompletionParams, snapshot: Snapshot, file: str) -> bool:
    """Whether a blank that begins a line has asked, and nobody else."""
    if params.context is None or params.context.trigger_character != " ":
        return False
    text = snapshot.text(file)
    end = text.offset(params.position)
    return not text.whole[text.offset(types.Position(params.position.line, 0)) : end].strip()


def _take(server: FlowServer, uri: str, text: str) -> None:
    if path := server.path(uri):
        server.files.set_text(path, text)
        server.check_soon(uri)
