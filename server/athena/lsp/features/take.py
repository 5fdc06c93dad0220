"""Taking what an agent changed into the user's own files.

Hunks of files that are open here are edits of the editor's text, unsaved work and all, versioned
and annotated where the client can; the user sees and undoes them like edits of their own. The rest
is applied on disk (`athena/review/apply`). What came into a text is recorded with the text before
and after, so that its authors are known; for an edit of a code action that is when the text
becomes what the edit makes of it, since clients do not tell whether they applied one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types as t

from athena.lsp.features.actions import KIND, Action, provide
from athena.lsp.places import inside, path_of, touches
from athena.protocol.agent import AgentDetail, AgentView
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.parsing import parse
from athena.protocol.review import (
    Applied,
    ApplyReview,
    ChangedFile,
    ChangedFileDetail,
    ChangesetView,
    FileConflict,
    FileEdits,
    LineEdit,
)

if TYPE_CHECKING:
    from athena.lsp.editor import Editor
    from athena.lsp.server import AthenaLanguageServer

ANNOTATION = "athena"
ALL_FILES = 1_000_000
APPLY = "athena/review/apply"
Given = dict[str, object]


@dataclass(frozen=True, slots=True)
class Taken:
    """What of one file goes into the editor's text."""

    uri: str
    file: ChangedFile
    before: str
    found: FileEdits

    @property
    def texts(self) -> Given:
        """The text of the file before and after."""
        after = edited_text(self.before, self.found.edits)
        return {"path": self.file.path, "before": self.before, "after": after}


@dataclass(frozen=True, slots=True)
class Offered:
    """An edit that a code action offers, and the hash of what it makes of a text."""

    agent_id: str
    path: str
    before: str
    after: int


class Takes:
    """The edits that the code actions of one editor offer, and which of them were applied."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._offered: dict[str, list[Offered]] = {}

    async def offer(self, editor: Editor, params: t.CodeActionParams) -> list[Action]:
        """What agents changed in this file, at the cursor and in all."""
        uri = params.text_document.uri
        path = path_of(uri)
        automatic = params.context.trigger_kind is t.CodeActionTriggerKind.Automatic
        if path is None or editor.desk is None or automatic:
            return []
        offered: list[Offered] = []
        self._offered[uri] = offered
        found = await asyncio.gather(
            *(
                _of_agent(editor, agent, uri, own, params.range, offered)
                for agent in editor.desk.agents.values()
                if not agent.archived and (own := in_project(agent, path)) is not None
            )
        )
        return [action for actions in found for action in actions]

    def changed(self, params: t.DidChangeTextDocumentParams) -> None:
        """Record an edit that was offered, once it is what the text has become."""
        uri = params.text_document.uri
        if not (offered := self._offered.get(uri)):
            return
        after = self._editor.texts.get_text_document(uri).source
        key = hash(after)
        for each in offered:
            if each.after == key:
                del self._offered[uri]
                texts = {"path": each.path, "before": each.before, "after": after}
                given: Given = {"agent": each.agent_id, "texts": [texts]}
                self._editor.start(self._editor.call(Applied, APPLY, **given))
                return

    def forget(self, uri: str) -> None:
        """Offer nothing any more in a document."""
        self._offered.pop(uri, None)


def register(server: AthenaLanguageServer, params: t.InitializeParams) -> None:
    """Offer hunks as code actions, and apply accepted ones as edits."""
    editor = server.editor
    if editor is None or not editor.offers("athena/review/edits", APPLY):
        return
    takes = Takes(editor)
    if provide(server, takes.offer):

        def changed(params: t.DidChangeTextDocumentParams) -> None:
            takes.changed(params)

        def closed(params: t.DidCloseTextDocumentParams) -> None:
            takes.forget(params.text_document.uri)

        server.feature(t.TEXT_DOCUMENT_DID_CHANGE)(changed)
        server.feature(t.TEXT_DOCUMENT_DID_CLOSE)(closed)
    if editor.can("workspace.apply_edit"):

        async def apply_here(editor: Editor, given: object) -> object:
            return await apply(editor, takes, given)

        server.commands["athena.review.apply"] = apply_here
        server.methods[APPLY] = apply_here


def in_project(agent: AgentView, path: Path) -> str | None:
    """A path of the user's own tree as the agent's changeset names it; None for another tree."""
    place = agent.workspace
    if place is None or place.repository is None or place.repository == place.path:
        return None
    own = inside(path, Path(place.repository))
    # Worktrees may lie below the repository: their files are not the user's own.
    return None if path.is_relative_to(place.path) else own


async def _of_agent(
    editor: Editor,
    agent: AgentView,
    uri: str,
    path: str,
    range_: t.Range,
    offered: list[Offered],
) -> list[Action]:
    text = editor.texts.get_text_document(uri).source
    which: Given = {"agent": agent.id, "scope": "base", "path": path}
    try:
        found = await editor.call(FileEdits, "athena/review/edits", text=text, **which)
    except AthenaError:
        return []
    edits = text_edits(editor, uri, found)
    here = tuple(e for e in edits if touches(e.range, range_))
    actions: list[Action] = []
    for chosen in (here, edits):
        made = [e for e, edit in zip(found.edits, edits, strict=True) if edit in chosen]
        offered.append(Offered(agent.id, path, text, hash(edited_text(text, made))))
    if here and len(here) < len(edits):
        edit = workspace_edit(editor, [(uri, here)], f"Changed by {agent.name}")
        title = f"Take the change of {agent.name} here"
        actions.append(Action(title, f"{KIND}.take", edit=edit))
    if edits:
        edit = workspace_edit(editor, [(uri, edits)], f"Changed by {agent.name}")
        title = f"Take all changes of {agent.name} to this file ({len(edits)})"
        # Some clients run only the command of an action that has both; those that apply edits of
        # a server's own know that the edit comes first (LSP 3.17, `CodeAction.command`).
        verdict = "athena.review.accept" if editor.can("workspace.apply_edit") else None
        actions.append(Action(title, f"{KIND}.take", verdict, which, edit=edit))
    return actions


async def apply(editor: Editor, takes: Takes, given: object) -> object:
    """`athena/review/apply`: open files by edits of their text, the others on disk."""
    asked = parse(APPLY, ApplyReview, given)
    agent = await editor.call(AgentDetail, "athena/agent/get", agent=asked.agent)
    if asked.target != "project" or asked.dry_run or asked.edited or agent.workspace is None:
        return await _on_disk(editor, asked)
    which: Given = {"agent": agent.id, "scope": asked.scope, "turnId": asked.turn_id}
    found = await editor.call(ChangesetView, "athena/changeset/get", details=ALL_FILES, **which)
    taken: list[Taken] = []
    conflicts: list[FileConflict] = []
    rest: list[ChangedFileDetail] = []
    for detail in found.details or ():
        uri = _open_uri(editor, agent, detail)
        ids = _chosen(detail, asked)
        if not ids or uri is None:
            rest += [detail] if ids or _whole(detail, asked) else []
            continue
        text = editor.texts.get_text_document(uri).source
        made = await editor.call(
            FileEdits, "athena/review/edits", path=detail.path, text=text, hunkIds=ids, **which
        )
        conflicts += made.conflicts
        taken.append(Taken(uri, detail, text, made))
    if conflicts:
        return Applied(done=False, conflicts=conflicts).wire()
    if not taken:
        return await _on_disk(editor, asked)
    for each in taken:
        takes.forget(each.uri)
    await _edit(editor, agent, taken)
    return await _the_rest(editor, asked, which, taken, rest)


def _open_uri(editor: Editor, agent: AgentView, file: ChangedFile) -> str | None:
    """The document of a changed file in the user's own tree, if it is open here."""
    assert agent.workspace is not None
    if file.status not in ("added", "modified") or file.binary or not agent.workspace.repository:
        return None
    wanted = Path(agent.workspace.repository, file.path)
    known = editor.texts.at(wanted)
    return known.uri if known else None


def _chosen(detail: ChangedFileDetail, asked: ApplyReview) -> list[str]:
    """The hunks of a file that are to be taken: as named, else the accepted ones."""
    hunks = detail.hunk_list
    if asked.hunk_ids is not None:
        return [h.hunk_id for h in hunks if h.hunk_id in asked.hunk_ids]
    if _whole(detail, asked):
        return [h.hunk_id for h in hunks]
    if asked.paths is not None:
        return []
    return [h.hunk_id for h in hunks if h.verdict == "accepted"]


def _whole(detail: ChangedFileDetail, asked: ApplyReview) -> bool:
    if asked.hunk_ids is not None:
        return False
    if asked.paths is not None:
        return detail.path in asked.paths
    return detail.verdict == "accepted"


async def _edit(editor: Editor, agent: AgentView, taken: Sequence[Taken]) -> None:
    edits = [(e.uri, text_edits(editor, e.uri, e.found)) for e in taken if e.found.edits]
    if not edits:
        return
    edit = workspace_edit(editor, edits, f"Changed by {agent.name}")
    params = t.ApplyWorkspaceEditParams(edit, label=f"Take changes of {agent.name}")
    result = await editor.ask(t.WORKSPACE_APPLY_EDIT, params)
    if not isinstance(result, t.ApplyWorkspaceEditResult) or not result.applied:
        why = getattr(result, "failure_reason", None) or "it does not say why"
        words = f"The editor did not apply the changes ({why}). Nothing was changed."
        raise AthenaError(ErrorCode.CONFLICT, words)


async def _the_rest(
    editor: Editor,
    asked: ApplyReview,
    which: Given,
    taken: Sequence[Taken],
    rest: Sequence[ChangedFileDetail],
) -> object:
    texts = [each.texts for each in taken]
    notes = [f"Taken into the editor, not saved: {each.file.path}" for each in taken]
    paths = [d.path for d in rest if _whole(d, asked)]
    hunks = [h for d in rest if d.path not in paths for h in _chosen(d, asked)]
    done = await editor.call(Applied, APPLY, **which, paths=paths, hunkIds=hunks, texts=texts)
    if not done.done:
        # What the editor has by now is told, and recorded, apart from what was refused.
        await editor.call(Applied, APPLY, **which, texts=texts)
    return done.model_copy(update={"notes": notes}).wire()


async def _on_disk(editor: Editor, asked: ApplyReview) -> object:
    given = asked.model_dump(by_alias=True, exclude_none=True)
    return await editor.core.dispatch(editor.connection, APPLY, given)


def edited_text(text: str, edits: Sequence[LineEdit]) -> str:
    """A text after edits, which are in order and do not overlap."""
    lines = text.split("\n")
    lines = [*(f"{line}\n" for line in lines[:-1]), lines[-1]]
    for each in reversed(edits):
        lines[each.start - 1 : each.start - 1 + each.lines] = [each.text]
    return "".join(lines)


def text_edits(editor: Editor, uri: str, found: FileEdits) -> tuple[t.TextEdit, ...]:
    """Edits in the client's units. At the end of a text without a last line end, none is a line."""
    lines = editor.texts.get_text_document(uri).lines
    units = editor.texts.position_codec

    def place(line: int) -> t.Position:
        if line < len(lines) or not lines or lines[-1].endswith("\n"):
            return t.Position(line, 0)
        return t.Position(len(lines) - 1, units.client_num_units(lines[-1]))

    return tuple(
        t.TextEdit(t.Range(place(e.start - 1), place(e.start - 1 + e.lines)), e.text)
        for e in found.edits
    )


def workspace_edit(
    editor: Editor, edits: Sequence[tuple[str, Sequence[t.TextEdit]]], label: str
) -> t.WorkspaceEdit:
    """Edits of several documents, in the best form that the client declared."""
    if not editor.can("workspace.workspace_edit.document_changes"):
        return t.WorkspaceEdit(changes={uri: list(made) for uri, made in edits})
    annotated = editor.can("workspace.workspace_edit.change_annotation_support")
    changes: list[Any] = []
    for uri, made in edits:
        known = editor.texts.opened(uri)
        versioned = t.OptionalVersionedTextDocumentIdentifier(uri, known.version if known else None)
        shown = [
            t.AnnotatedTextEdit(ANNOTATION, e.range, e.new_text) if annotated else e for e in made
        ]
        changes.append(t.TextDocumentEdit(versioned, shown))
    annotation = t.ChangeAnnotation(label, needs_confirmation=False)
    return t.WorkspaceEdit(
        document_changes=changes,
        change_annotations={ANNOTATION: annotation} if annotated else None,
    )
