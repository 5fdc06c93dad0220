"""Virtual documents for one editor: made when they are read, and made anew when agents go on.

Where the client knows `workspace/textDocumentContent` (LSP 3.18) they are `athena:` documents.
Elsewhere each is a read-only file below the state directory, which the editor is asked to show.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types as t
from pygls.workspace import PositionCodec

from athena.lsp import pages
from athena.lsp.places import path_of, uri_of
from athena.lsp.protocol import ClientRefused
from athena.protocol.agent import AgentDetail, AgentList
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.review import ChangesetView, Comparison
from athena.protocol.transcript import RequestList, SystemInfo, TranscriptPage

if TYPE_CHECKING:
    from athena.lsp.desk import News
    from athena.lsp.editor import Editor

FOLDER = "documents"
MOST_ITEMS = 1000
MOST_FILES = 200
REFRESH_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Read:
    """A document of ours as the client has it, and the units of places in it."""

    name: str
    text: str
    units: PositionCodec

    def place(self, line: int, start: int, end: int) -> t.Range:
        """A part of a line, in the client's units."""
        words = self.text.split("\n")[line]
        counted = self.units.client_num_units
        return t.Range(
            t.Position(line, counted(words[:start])), t.Position(line, counted(words[:end]))
        )

    def character(self, at: t.Position) -> int:
        """The character of a line at a place of the client's."""
        lines = self.text.split("\n")
        return self.units.position_from_client_units(lines, at).character


class Documents:
    """The documents of one editor."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self.virtual = editor.can("workspace.text_document_content")
        self.can_show = editor.can("window.show_document.support")
        self._folder: Path | None = None
        self._shown: dict[str, str] = {}
        """The documents that were read, and what they said."""
        self._stale: set[str] = set()

    async def text(self, uri: str) -> str:
        """What a document says now. Raises `AthenaError` for an address that is none."""
        name = uri.partition("#")[0]
        made = await self._made(name)
        self._shown[name] = made
        return made

    async def read(self, uri: str) -> Read | None:
        """A document of ours by its address, virtual or file; None for another's."""
        await self.folder()
        name = self.name_of(uri)
        if name is None:
            return None
        known = self._editor.texts.opened(uri)
        text = known.source if known else await self.text(name)
        return Read(name, text, self._editor.texts.position_codec)

    async def open(self, uri: str, line: int = 0) -> dict[str, object]:
        """Show a document. The answer is for clients that cannot, and holds the text."""
        name, text, found = await self.find(uri)
        line = line or found
        place = name if self.virtual else await self.file(name, text)
        shown = self.can_show and await self._show(place, line)
        answer: dict[str, object] = {"uri": place, "line": line, "shown": shown}
        if not shown:
            answer["text"] = text
            if not self.virtual:
                self._editor.tell(t.MessageType.Info, f"Written to {path_of(place)}")
        return answer

    async def find(self, uri: str) -> tuple[str, str, int]:
        """The document with the turn that an address names, its text, and the turn's line."""
        name, _, turn = uri.partition("#")
        text = await self.text(name)
        line = anchor(text, turn)
        part = pages.TRANSCRIPT.fullmatch(name)
        if turn and part and line == 0:
            # So long ago that it is in an earlier part of the transcript.
            page = await self._editor.call(
                TranscriptPage, "athena/transcript/page", agent=part[1], turnId=turn, limit=1
            )
            if page.items:
                name = pages.transcript_uri(part[1], before=page.items[-1].version + 1)
                text = await self.text(name)
                line = anchor(text, turn)
        return name, text, line

    async def file(self, name: str, text: str | None = None) -> str:
        """The document as a file that may only be read; its address."""
        text = await self.text(name) if text is None else text
        path = await self.folder() / _file_name(name)
        await asyncio.to_thread(_write, path, text)
        return uri_of(path)

    def name_of(self, uri: str) -> str | None:
        """Which of our documents an address is, virtual or file; None for another's."""
        if uri.startswith(f"{pages.SCHEME}:"):
            return uri.partition("#")[0]
        path = path_of(uri)
        if path is None or self._folder is None or path.parent != self._folder:
            return None
        return next((n for n in self._names() if _file_name(n) == path.name), None)

    def _names(self) -> Iterable[str]:
        """What was read here, and what another editor, or this one before, may have had written."""
        yield from self._shown
        yield from (pages.AGENTS, pages.INBOX)
        for agent in self._editor.desk.agents if self._editor.desk else ():
            yield from (pages.transcript_uri(agent), pages.changes_uri(agent))

    def hear(self, news: News) -> None:
        """Make anew what is shown, when the agents that it is about go on."""
        touched = {a.id for a in news.agents}
        shown = [n for n in self._shown if not _is_past(n)]
        stale = {n for n in shown if _agents_in(n) & touched or not _agents_in(n)}
        if stale and news.events:
            is_waiting = bool(self._stale)
            self._stale |= stale
            if not is_waiting:
                self._editor.start(self._refresh())

    async def _refresh(self) -> None:
        await asyncio.sleep(REFRESH_SECONDS)
        stale, self._stale = self._stale, set()
        for name in stale:
            before = self._shown.get(name)
            try:
                text = await self.text(name)
            except AthenaError:
                self._shown.pop(name, None)
                continue
            if text == before:
                continue
            if self.virtual:
                params = t.TextDocumentContentRefreshParams(name)
                await self._editor.ask(t.WORKSPACE_TEXT_DOCUMENT_CONTENT_REFRESH, params)
            else:
                await self.file(name, text)

    async def _show(self, uri: str, line: int) -> bool:
        place = t.Position(line, 0)
        params = t.ShowDocumentParams(uri, take_focus=True, selection=t.Range(place, place))
        try:
            result = await self._editor.ask(t.WINDOW_SHOW_DOCUMENT, params)
        except (ClientRefused, ValueError):
            return False
        return isinstance(result, t.ShowDocumentResult) and result.success

    async def folder(self) -> Path:
        """Where documents are that are files."""
        if self._folder is None:
            info = await self._editor.call(SystemInfo, "athena/system/info")
            self._folder = Path(os.path.realpath(info.state_dir)) / FOLDER
        return self._folder

    async def _made(self, name: str) -> str:
        editor = self._editor
        if name == pages.AGENTS:
            listed = await editor.call(AgentList, "athena/agent/list")
            here = [a for a in listed.agents if editor.concerns(a)]
            return pages.agents_page(here or listed.agents)
        if name == pages.INBOX:
            waiting = await editor.call(RequestList, "athena/request/list")
            return pages.inbox_page(waiting.requests)
        if found := pages.TRANSCRIPT.fullmatch(name):
            return await self._transcript(found[1], int(found[2]) if found[2] else None)
        if found := pages.CHANGES.fullmatch(name):
            return await self._changes(found[1], found[2])
        if found := pages.COMPARISON.fullmatch(name):
            agents = found[1].split("+")
            compared = await editor.call(Comparison, "athena/comparison/get", agents=agents)
            return pages.comparison_page(compared)
        raise AthenaError(ErrorCode.NOT_FOUND, f"There is no document {name}.", field="uri")

    async def _transcript(self, agent: str, before: int | None) -> str:
        editor = self._editor
        view = await editor.call(AgentDetail, "athena/agent/get", agent=agent)
        page = await editor.call(
            TranscriptPage,
            "athena/transcript/page",
            agent=agent,
            limit=MOST_ITEMS,
            **({} if before is None else {"before": before}),
        )
        return pages.transcript_page(view, page.turns, page.items, page.before)

    async def _changes(self, agent: str, turn_id: str | None) -> str:
        editor = self._editor
        which: dict[str, object] = {"agent": agent, "scope": "base"}
        if turn_id is not None:
            which |= {"scope": "turn", "turnId": turn_id}
        found = await editor.call(
            ChangesetView, "athena/changeset/get", details=MOST_FILES, **which
        )
        files = found.details or []
        text = pages.changes_page(files)
        left = len(found.files) - len(files)
        return f"{text}# and {left} more files\n" if left else text


def anchor(text: str, turn_id: str) -> int:
    """The line, from 0, where a turn begins in a transcript; 0 when there is none such."""
    heading = pages.turn_heading(turn_id)
    lines = text.split("\n")
    return lines.index(heading) if turn_id and heading in lines else 0


def _is_past(name: str) -> bool:
    found = pages.TRANSCRIPT.fullmatch(name)
    return found is not None and found[2] is not None


def _agents_in(name: str) -> set[str]:
    if found := pages.TRANSCRIPT.fullmatch(name) or pages.CHANGES.fullmatch(name):
        return {found[1]}
    found = pages.COMPARISON.fullmatch(name)
    return set(found[1].split("+")) if found else set()


def _file_name(name: str) -> str:
    """A readable name that is no other document's."""
    stem, _, ending = name.removeprefix(f"{pages.SCHEME}:/").rpartition(".")
    plain = re.sub(r"[^A-Za-z0-9.+-]+", "-", stem)[:80]
    digest = hashlib.sha256(name.encode()).hexdigest()[:6]
    return f"{plain}-{digest}.{ending}"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.write_text(text, encoding="utf-8")
    fresh.chmod(0o400)
    fresh.replace(path)
