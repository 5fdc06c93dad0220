"""Code lenses on what agents changed, with the initialization option `athena.codeLenses`.

In an agent's own tree they judge a hunk, at its place on disk; in the user's tree they take it, at
its place in the text, saved or not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types as t

from athena.lsp.features.authors import Refresher
from athena.lsp.features.problems import CHANGING
from athena.lsp.features.take import in_project
from athena.lsp.places import inside, path_of
from athena.protocol.agent import AgentView
from athena.protocol.errors import AthenaError
from athena.protocol.review import ChangedFileDetail, FileEdits, HunkView

if TYPE_CHECKING:
    from athena.lsp.editor import Editor
    from athena.lsp.server import AthenaLanguageServer

NEEDED = ("athena/changeset/file", "athena/review/edits")
ACCEPT, REJECT, APPLY = "athena.review.accept", "athena.review.reject", "athena.review.apply"


def register(server: AthenaLanguageServer, params: t.InitializeParams) -> None:
    """Offer them where the client shows them and the user wants them."""
    editor = server.editor
    if editor is None or not editor.wants("codeLenses", default=False):
        return
    if not editor.can("text_document.code_lens") or not editor.offers(*NEEDED):
        return
    server.feature(t.TEXT_DOCUMENT_CODE_LENS, t.CodeLensOptions())(lenses)
    if editor.can("workspace.code_lens.refresh_support"):
        refresher = Refresher(editor, t.WORKSPACE_CODE_LENS_REFRESH, CHANGING)
        editor.listeners.append(refresher.hear)


async def lenses(ls: AthenaLanguageServer, params: t.CodeLensParams) -> list[t.CodeLens]:
    """The lenses of a document, of all agents that changed it."""
    editor = ls.editor
    assert editor is not None
    uri = params.text_document.uri
    path = path_of(uri)
    if path is None or editor.desk is None:
        return []
    agents = [a for a in editor.desk.agents.values() if not a.archived]
    found = await asyncio.gather(*(_of_agent(editor, agent, uri, path) for agent in agents))
    return [lens for lenses in found for lens in lenses]


async def _of_agent(editor: Editor, agent: AgentView, uri: str, path: Path) -> list[t.CodeLens]:
    if agent.workspace is None or agent.workspace.repository is None:
        return []
    try:
        if (own := in_project(agent, path)) is not None:
            return await _to_take(editor, agent, uri, own)
        if (theirs := inside(path, Path(agent.workspace.path))) is not None:
            return await _to_judge(editor, agent, theirs)
    except AthenaError:
        pass  # The agent did not change this file, or its tree is gone.
    return []


async def _to_judge(editor: Editor, agent: AgentView, path: str) -> list[t.CodeLens]:
    detail = await _detail(editor, agent, path)
    found: list[t.CodeLens] = []
    for hunk in detail.hunk_list:
        which: dict[str, object] = {"agent": agent.id, "hunkIds": [hunk.hunk_id]}
        head = f"{agent.name}: {_size(hunk)}"
        found += _at(
            hunk.new_start,
            (f"{head}, {hunk.verdict}" if hunk.verdict != "open" else head, "", {}),
            *([("Accept", ACCEPT, which)] if hunk.verdict != "accepted" else []),
            *([("Reject", REJECT, which)] if hunk.verdict != "rejected" else []),
        )
    return found


async def _to_take(editor: Editor, agent: AgentView, uri: str, path: str) -> list[t.CodeLens]:
    text = editor.texts.get_text_document(uri).source
    made = await editor.call(
        FileEdits, "athena/review/edits", agent=agent.id, scope="base", path=path, text=text
    )
    if made.conflicts:
        words = f"{agent.name} changed lines of this file that were changed here too"
        return list(_at(made.conflicts[0].start or 1, (words, "", {})))
    if not made.edits:
        return []
    detail = await _detail(editor, agent, path)
    hunks = [h for h in detail.hunk_list if h.verdict != "rejected"]
    if len(hunks) != len(made.edits):
        # A part of them is here already, so which edit is which hunk is not known.
        which: dict[str, object] = {"agent": agent.id, "paths": [path]}
        title = f"Take the changes of {agent.name} to this file"
        return list(_at(made.edits[0].start, (title, APPLY, which)))
    found: list[t.CodeLens] = []
    for hunk, edit in zip(hunks, made.edits, strict=True):
        which = {"agent": agent.id, "hunkIds": [hunk.hunk_id]}
        found += _at(edit.start, (f"Take {_size(hunk)} of {agent.name}", APPLY, which))
    return found


async def _detail(editor: Editor, agent: AgentView, path: str) -> ChangedFileDetail:
    return await editor.call(
        ChangedFileDetail, "athena/changeset/file", agent=agent.id, scope="base", path=path
    )


def _size(hunk: HunkView) -> str:
    return f"+{hunk.new_lines} −{hunk.old_lines}"


def _at(line: int, *lenses: tuple[str, str, dict[str, object]]) -> Iterator[t.CodeLens]:
    """Lenses at a line, from 1. One without a command only says something."""
    place = t.Position(max(line, 1) - 1, 0)
    for title, command, argument in lenses:
        arguments = [argument] if command else None
        yield t.CodeLens(t.Range(place, place), t.Command(title, command, arguments=arguments))
