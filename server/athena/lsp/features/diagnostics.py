"""Problems on their way to the client: pulled by document or for the workspace, or pushed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types as t

from athena.lsp.places import path_of

if TYPE_CHECKING:
    from athena.lsp.desk import News
    from athena.lsp.editor import Editor
    from athena.lsp.features.problems import Problems

SETTLE_SECONDS = 0.3
Work = Callable[[], Coroutine[Any, Any, None]]


class Settling:
    """Does something once for all that comes within a moment."""

    def __init__(self, editor: Editor, work: Work) -> None:
        self._editor = editor
        self._work = work
        self._waiting = False

    def soon(self) -> None:
        """Do it soon, if it is not about to be done."""
        if not self._waiting:
            self._waiting = True
            self._editor.start(self._settled())

    async def _settled(self) -> None:
        await asyncio.sleep(SETTLE_SECONDS)
        self._waiting = False
        await self._work()


class Pushes:
    """Publishes all problems, and clears those that are no more."""

    def __init__(self, editor: Editor, problems: Problems) -> None:
        self._editor = editor
        self._problems = problems
        self._pushed: dict[Path, list[t.Diagnostic]] = {}
        self._soon = Settling(editor, self._push)

    def hear(self, news: News) -> None:
        """Publish what there is now, if that may be something else."""
        if self._problems.concern(news):
            self._soon.soon()

    async def _push(self) -> None:
        found = await self._problems.all()
        for path in self._pushed.keys() - found.keys():
            self._publish(path, [])
        for path, problems in found.items():
            if problems != self._pushed.get(path):
                self._publish(path, problems)
        self._pushed = dict(found)

    def _publish(self, path: Path, problems: list[t.Diagnostic]) -> None:
        params = t.PublishDiagnosticsParams(self._editor.uri_of(path), problems)
        self._editor.server.text_document_publish_diagnostics(params)


class Pulls:
    """Answers what the client asks for. What it has already is not sent again."""

    def __init__(self, editor: Editor, problems: Problems) -> None:
        self.editor = editor
        self._problems = problems
        self._told = False
        self._soon = Settling(editor, self._refresh)

    def hear(self, news: News) -> None:
        """Tell the client to ask again, if there may be something else."""
        if self._problems.concern(news) and news.events:
            self._soon.soon()

    async def document(self, params: t.DocumentDiagnosticParams) -> t.DocumentDiagnosticReport:
        """The problems of one document."""
        path = path_of(params.text_document.uri)
        found = (await self._problems.all()).get(path, []) if path else []
        key = self._key(found)
        if key == params.previous_result_id:
            return t.RelatedUnchangedDocumentDiagnosticReport(key)
        return t.RelatedFullDocumentDiagnosticReport(found, result_id=key)

    async def workspace(self, params: t.WorkspaceDiagnosticParams) -> t.WorkspaceDiagnosticReport:
        """The files whose problems are others than the client has.

        With none it waits until there are some: clients ask again as soon as they are answered
        (LSP 3.17, "Workspace Diagnostics").
        """
        had = {p.uri: p.value for p in params.previous_result_ids}
        while True:
            changed = self._problems.changed
            items = self._changed(await self._problems.all(), had)
            if items or not self._told:
                self._told = True
                return t.WorkspaceDiagnosticReport(items)
            await changed.wait()

    def _changed(
        self, found: dict[Path, list[t.Diagnostic]], had: dict[str, str]
    ) -> list[t.WorkspaceDocumentDiagnosticReport]:
        now = {self.editor.uri_of(path): problems for path, problems in found.items()}
        none: list[t.Diagnostic] = []
        gone = {uri: none for uri in had.keys() - now.keys() if had[uri] != self._key(none)}
        return [
            t.WorkspaceFullDocumentDiagnosticReport(uri, problems, result_id=key)
            for uri, problems in (now | gone).items()
            if had.get(uri) != (key := self._key(problems))
        ]

    def _key(self, problems: list[t.Diagnostic]) -> str:
        plain = self.editor.server.protocol.plain(problems)
        return sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]

    async def _refresh(self) -> None:
        await self.editor.ask(t.WORKSPACE_DIAGNOSTIC_REFRESH, None)
