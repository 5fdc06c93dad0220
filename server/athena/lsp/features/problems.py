"""Problems: review comments, collisions between agents and, if wanted, hunks not judged yet.

Where the client pulls (`textDocument/diagnostic`), it is told when to ask again; elsewhere they are
pushed for all files that have some. Open hunks are many, so they are shown only with the
initialization option `athena.openHunks`.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types as t

from athena.lsp.places import lines, path_of, roots
from athena.protocol import events as e
from athena.protocol.agent import AgentView
from athena.protocol.errors import AthenaError
from athena.protocol.review import ChangedFileDetail, ChangesetView, CommentList
from athena.protocol.workspace import Collision, CollisionList, CollisionRange

if TYPE_CHECKING:
    from athena.lsp.desk import News
    from athena.lsp.editor import Editor
    from athena.lsp.server import AthenaLanguageServer

SOURCE = "Athena"
CHANGING = frozenset(
    kind.KIND
    for kind in (
        e.CommentAdded,
        e.CommentsSent,
        e.CommentResolved,
        e.VerdictGiven,
        e.CollisionsChanged,
        e.CheckpointTaken,
        e.ChangesApplied,
        e.AgentArchived,
        e.WorkspaceRemoved,
    )
)
SETTLE_SECONDS = 0.3
Found = dict[Path, list[t.Diagnostic]]
Work = Callable[[], Coroutine[Any, Any, None]]


def register(server: AthenaLanguageServer, params: t.InitializeParams) -> None:
    """Pull where the client can, push otherwise."""
    editor = server.editor
    needed = ("athena/review/listComments", "athena/collision/list", "athena/changeset/get")
    if editor is None or not editor.wants("diagnostics") or not editor.offers(*needed):
        return
    problems = Problems(editor)
    if editor.can("text_document.diagnostic"):

        async def pull(params: t.DocumentDiagnosticParams) -> t.DocumentDiagnosticReport:
            path = path_of(params.text_document.uri)
            found = await problems.all() if path else {}
            shown = found.get(path, []) if path else []
            return t.RelatedFullDocumentDiagnosticReport(items=shown)

        options = t.DiagnosticOptions(
            inter_file_dependencies=False, workspace_diagnostics=False, identifier="athena"
        )
        server.feature(t.TEXT_DOCUMENT_DIAGNOSTIC, options)(pull)
        if editor.can("workspace.diagnostics.refresh_support"):
            editor.listeners.append(problems.refresh_when_changed)
    elif editor.can("text_document.publish_diagnostics"):
        editor.listeners.append(problems.push_when_changed)


class Problems:
    """What is worth a diagnostic in this editor."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._pushed: set[Path] = set()
        self._waiting = False

    def refresh_when_changed(self, news: News) -> None:
        """Tell the client to ask again."""
        if self._is_changed(news) and news.events:
            self._later(self._refresh)

    def push_when_changed(self, news: News) -> None:
        """Publish what there is now, and clear what is no more."""
        if self._is_changed(news):
            self._later(self._push)

    async def all(self) -> Found:
        """All problems by file."""
        found: Found = defaultdict(list)
        agents = self._agents()
        if any(a.comments for a in agents.values()):
            await self._comments(agents, found)
        if any(a.collisions for a in agents.values()):
            await self._collisions(agents, found)
        if self._editor.wants("openHunks", default=False):
            for agent in agents.values():
                await self._hunks(agent, found)
        return found

    def _agents(self) -> dict[str, AgentView]:
        known = self._editor.desk.agents if self._editor.desk else {}
        return {a.id: a for a in known.values() if not a.archived and self._editor.concerns(a)}

    def _is_changed(self, news: News) -> bool:
        if not news.events:
            return any(a.comments or a.collisions for a in news.agents)
        return any(event.kind in CHANGING for event in news.events)

    def _later(self, work: Work) -> None:
        """Do it once for all that comes within a moment."""
        if not self._waiting:
            self._waiting = True
            self._editor.start(self._settled(work))

    async def _settled(self, work: Work) -> None:
        await asyncio.sleep(SETTLE_SECONDS)
        self._waiting = False
        await work()

    async def _refresh(self) -> None:
        await self._editor.ask(t.WORKSPACE_DIAGNOSTIC_REFRESH, None)

    async def _push(self) -> None:
        found = await self.all()
        for path in self._pushed - found.keys():
            self._publish(path, [])
        for path, problems in found.items():
            self._publish(path, problems)
        self._pushed = set(found)

    def _publish(self, path: Path, problems: list[t.Diagnostic]) -> None:
        params = t.PublishDiagnosticsParams(self._editor.uri_of(path), problems)
        self._editor.server.text_document_publish_diagnostics(params)

    async def _comments(self, agents: dict[str, AgentView], found: Found) -> None:
        listed = await self._editor.call(CommentList, "athena/review/listComments")
        for c in listed.comments:
            agent = agents.get(c.agent_id)
            if agent is None or c.state == "resolved":
                continue
            for root in roots(agent):
                found[root / c.path].append(
                    t.Diagnostic(
                        lines(c.line, c.end_line or c.line),
                        f"{c.by}: {c.text}",
                        severity=t.DiagnosticSeverity.Information,
                        code=f"comment-{c.state}",
                        source=SOURCE,
                    )
                )

    async def _collisions(self, agents: dict[str, AgentView], found: Found) -> None:
        listed = await self._editor.call(CollisionList, "athena/collision/list")
        for c in listed.collisions:
            one, other = agents.get(c.agent_id), agents.get(c.other_id)
            if one is None or other is None or one.workspace is None or other.workspace is None:
                continue
            for place in c.ranges:
                here = (Path(one.workspace.path, place.path), lines(place.start, place.end))
                there = (
                    Path(other.workspace.path, place.path),
                    lines(place.other_start, place.other_end),
                )
                found[here[0]].append(self._collision(c, place, here[1], other, there))
                found[there[0]].append(self._collision(c, place, there[1], one, here))

    def _collision(
        self,
        collision: Collision,
        place: CollisionRange,
        here: t.Range,
        other: AgentView,
        there: tuple[Path, t.Range],
    ) -> t.Diagnostic:
        words = "In conflict with" if place.conflict else "Also changed by"
        diagnostic = t.Diagnostic(
            here,
            f"{words} {other.name}.",
            severity=t.DiagnosticSeverity.Warning
            if place.conflict
            else t.DiagnosticSeverity.Information,
            code="collision",
            source=SOURCE,
        )
        if self._editor.can("text_document.publish_diagnostics.related_information") or (
            self._editor.can("text_document.diagnostic.related_information")
        ):
            where = t.Location(self._editor.uri_of(there[0]), there[1])
            related = t.DiagnosticRelatedInformation(where, f"as {other.name} has it")
            diagnostic.related_information = [related]
        return diagnostic

    async def _hunks(self, agent: AgentView, found: Found) -> None:
        """Hunks that are not judged yet, in the agent's own tree."""
        if agent.workspace is None or agent.workspace.repository is None:
            return
        root = Path(agent.workspace.path)
        try:
            changed = await self._editor.call(ChangesetView, "athena/changeset/get", agent=agent.id)
        except AthenaError:
            return
        for file in changed.files:
            if file.binary or file.status == "deleted":
                continue
            detail = await self._editor.call(
                ChangedFileDetail, "athena/changeset/file", agent=agent.id, path=file.path
            )
            for h in detail.hunk_list:
                if h.verdict == "open":
                    found[root / file.path].append(
                        t.Diagnostic(
                            lines(h.new_start, h.new_start + max(h.new_lines, 1) - 1),
                            f"Changed by {agent.name}, not judged yet.",
                            severity=t.DiagnosticSeverity.Hint,
                            code="hunk",
                            source=SOURCE,
                        )
                    )
