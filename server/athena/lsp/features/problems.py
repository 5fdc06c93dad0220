"""Problems: review comments, collisions between agents and, if wanted, hunks not judged yet.

Where the client pulls, by document or all of the workspace, and can be told when to ask again, it
is; elsewhere they are pushed for all files that have some. They are collected once for each change,
not for each key stroke. Open hunks are many, so they are shown only with the initialization option
`athena.openHunks`.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types as t

from athena.lsp.features.diagnostics import Pulls, Pushes
from athena.lsp.places import lines, roots
from athena.protocol import events as e
from athena.protocol.agent import AgentView
from athena.protocol.errors import AthenaError
from athena.protocol.review import ChangedFileDetail, ChangesetView, CommentList, HunkView
from athena.protocol.workspace import Collision, CollisionList, CollisionRange

if TYPE_CHECKING:
    from athena.lsp.desk import News
    from athena.lsp.editor import Editor
    from athena.lsp.server import AthenaLanguageServer

SOURCE = "Athena"
MOST_FILES = 1000
"""Files of an agent whose open hunks are shown."""
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
Found = dict[Path, list[t.Diagnostic]]


def register(server: AthenaLanguageServer, params: t.InitializeParams) -> None:
    """Pull where the client can, push otherwise."""
    editor = server.editor
    needed = ("athena/review/listComments", "athena/collision/list", "athena/changeset/get")
    if editor is None or not editor.wants("diagnostics") or not editor.offers(*needed):
        return
    problems = Problems(editor)
    pushed = editor.can("text_document.publish_diagnostics")
    refreshed = editor.can("workspace.diagnostics.refresh_support")
    # Who pulls without being told when would not learn of anything until the text is edited.
    if editor.can("text_document.diagnostic") and (refreshed or not pushed):
        editor.listeners.append(problems.note)
        _provide_pulls(server, Pulls(editor, problems))
    elif pushed:
        editor.listeners.append(problems.note)
        editor.listeners.append(Pushes(editor, problems).hear)


def _provide_pulls(server: AthenaLanguageServer, pulls: Pulls) -> None:
    async def document(params: t.DocumentDiagnosticParams) -> t.DocumentDiagnosticReport:
        return await pulls.document(params)

    async def workspace(params: t.WorkspaceDiagnosticParams) -> t.WorkspaceDiagnosticReport:
        return await pulls.workspace(params)

    options = t.DiagnosticOptions(
        inter_file_dependencies=False, workspace_diagnostics=True, identifier="athena"
    )
    server.feature(t.TEXT_DOCUMENT_DIAGNOSTIC, options)(document)
    server.feature(t.WORKSPACE_DIAGNOSTIC)(workspace)
    if pulls.editor.can("workspace.diagnostics.refresh_support"):
        pulls.editor.listeners.append(pulls.hear)


class Problems:
    """What is worth a diagnostic in this editor, collected anew when something changed."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._known: asyncio.Task[Found] | None = None
        self.changed = asyncio.Event()
        """Set, and replaced by another, when there may be others than before."""

    def concern(self, news: News) -> bool:
        """Whether there may be other problems after these news."""
        if not news.events:
            return any(a.comments or a.collisions for a in news.agents)
        return any(event.kind in CHANGING for event in news.events)

    def note(self, news: News) -> None:
        """Forget what was collected, when it may not be so any more."""
        if self.concern(news):
            self._known = None
            self.changed.set()
            self.changed = asyncio.Event()

    async def all(self) -> Found:
        """All problems by file. Who asks while they are collected waits for the same."""
        if self._known is None:
            self._known = self._editor.start(self._collected())
        known = self._known
        try:
            return await asyncio.shield(known)
        except AthenaError:
            if self._known is known:
                self._known = None
            raise

    async def _collected(self) -> Found:
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

    async def _comments(self, agents: dict[str, AgentView], found: Found) -> None:
        listed = await self._editor.call(CommentList, "athena/review/listComments")
        known: dict[tuple[str, str], list[HunkView]] = {}
        for c in listed.comments:
            agent = agents.get(c.agent_id)
            if agent is None or c.state == "resolved":
                continue
            if (agent.id, c.path) not in known:
                known[agent.id, c.path] = await self._hunks_of(agent, c.path)
            hunks = known[agent.id, c.path]
            for root in roots(agent):
                own = agent.workspace is not None and root == Path(agent.workspace.path)
                first, last = (
                    n if own else line_before(hunks, n) for n in (c.line, c.end_line or c.line)
                )
                found[root / c.path].append(
                    t.Diagnostic(
                        lines(first, last),
                        f"{c.by}: {c.text}",
                        severity=t.DiagnosticSeverity.Information,
                        code=f"comment-{c.state}",
                        source=SOURCE,
                    )
                )

    async def _hunks_of(self, agent: AgentView, path: str) -> list[HunkView]:
        try:
            detail = await self._editor.call(
                ChangedFileDetail, "athena/changeset/file", agent=agent.id, path=path
            )
        except AthenaError:
            return []  # The file is as it was, or there is no changeset.
        return detail.hunk_list

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
        else:
            diagnostic.message += f" See {there[0]}:{there[1].start.line + 1}"
        return diagnostic

    async def _hunks(self, agent: AgentView, found: Found) -> None:
        """Hunks that are not judged yet, in the agent's own tree."""
        if agent.workspace is None or agent.workspace.repository is None:
            return
        root = Path(agent.workspace.path)
        try:
            changed = await self._editor.call(
                ChangesetView, "athena/changeset/get", agent=agent.id, details=MOST_FILES
            )
        except AthenaError:
            return
        for file in changed.details or ():
            if file.binary or file.status == "deleted":
                continue
            for h in file.hunk_list:
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


def line_before(hunks: Sequence[HunkView], line: int) -> int:
    """Where a line of the changed file is in the file before; both from 1."""
    moved = 0
    for hunk in hunks:
        if line < hunk.new_start:
            break
        if line < hunk.new_start + hunk.new_lines:
            return hunk.old_start + min(line - hunk.new_start, max(hunk.old_lines - 1, 0))
        moved += hunk.old_lines - hunk.new_lines
    return max(1, line + moved)
