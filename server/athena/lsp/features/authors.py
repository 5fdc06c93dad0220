"""Who wrote this line: hover, inlay hints, a command, and the way to the turn that did.

From `athena/line/authors`, which compares the text in the editor, saved or not, with the
checkpoints of the agents and with commit trailers.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types as t

from athena.lsp.features.actions import KIND, Action, provide
from athena.lsp.places import path_of, roots
from athena.lsp.wording import cost_words, first_line, time_words
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.events import ChangesApplied, CheckpointTaken, TurnEnded
from athena.protocol.review import FileAuthors, LineAuthors

if TYPE_CHECKING:
    from athena.lsp.desk import News
    from athena.lsp.editor import Editor
    from athena.lsp.server import AthenaLanguageServer

METHOD = "athena/line/authors"
HARMLESS = (ErrorCode.NOT_FOUND, ErrorCode.GIT_FAILED, ErrorCode.INVALID_PARAMS)
"""A file outside of any repository, or not on disk, has no authors, and that is no error."""
CHANGING = (CheckpointTaken.KIND, TurnEnded.KIND, ChangesApplied.KIND)


def register(server: AthenaLanguageServer, params: t.InitializeParams) -> None:
    """Offer what the client can show."""
    editor = server.editor
    if editor is None or not editor.offers(METHOD):
        return
    server.commands["athena.line.authors"] = show
    if editor.wants("hover") and editor.can("text_document.hover"):
        server.feature(t.TEXT_DOCUMENT_HOVER)(hover)
        provide(server, go_to_turn)
        server.feature(t.TEXT_DOCUMENT_DID_OPEN)(opened)
    hints = editor.wants("inlayHints", default=False)
    if hints and editor.can("text_document.inlay_hint"):
        server.feature(t.TEXT_DOCUMENT_INLAY_HINT, t.InlayHintOptions())(inlay_hints)
        if editor.can("workspace.inlay_hint.refresh_support"):
            refresher = Refresher(editor, t.WORKSPACE_INLAY_HINT_REFRESH, CHANGING)
            editor.listeners.append(refresher.hear)


def opened(ls: AthenaLanguageServer, params: t.DidOpenTextDocumentParams) -> None:
    """Follow the history of a file that agents work on, before anyone asks who wrote a line."""
    editor = ls.editor
    uri = params.text_document.uri
    path = path_of(uri)
    if path is None or editor is None or editor.desk is None:
        return
    trees = {root for agent in editor.desk.agents.values() for root in roots(agent)}
    if any(path.is_relative_to(root) for root in trees):
        editor.start(authors(editor, uri, 0, 0))


async def hover(ls: AthenaLanguageServer, params: t.HoverParams) -> t.Hover | None:
    """Who wrote the line under the cursor; nothing where no agent did."""
    assert ls.editor is not None
    line = params.position.line
    runs = await authors(ls.editor, params.text_document.uri, line, line)
    if not runs:
        return None
    formats = ls.editor.values("text_document.hover.content_format")
    if t.MarkupKind.Markdown in formats:
        content = t.MarkupContent(t.MarkupKind.Markdown, told(runs[0], bold="**"))
    else:
        content = t.MarkupContent(t.MarkupKind.PlainText, told(runs[0], bold=""))
    return t.Hover(content)


async def inlay_hints(ls: AthenaLanguageServer, params: t.InlayHintParams) -> list[t.InlayHint]:
    """The agent's name at the end of the first line of each run that it wrote."""
    assert ls.editor is not None
    uri, shown = params.text_document.uri, params.range
    runs = await authors(ls.editor, uri, shown.start.line, shown.end.line)
    document = ls.editor.texts.get_text_document(uri)
    units = ls.editor.texts.position_codec
    found: list[t.InlayHint] = []
    for run in runs:
        if run.start - 1 >= len(document.lines):
            continue
        text = document.lines[run.start - 1].rstrip("\r\n")
        end = t.Position(run.start - 1, units.client_num_units(text))
        found.append(t.InlayHint(end, run.agent_name, tooltip=told(run, ""), padding_left=True))
    return found


async def go_to_turn(editor: Editor, params: t.CodeActionParams) -> list[Action]:
    """A code action that opens the transcript at the turn that wrote the line."""
    automatic = params.context.trigger_kind is t.CodeActionTriggerKind.Automatic
    if automatic or not editor.wants("documents"):
        return []
    line = params.range.start.line
    return [
        Action(
            f"Go to the turn of {run.agent_name} that wrote this",
            f"{KIND}.author",
            "athena.transcript.open",
            {"agent": run.agent_id, "turnId": run.turn_id},
        )
        for run in await authors(editor, params.text_document.uri, line, line)
    ]


async def show(editor: Editor, given: dict[str, object]) -> object:
    """`athena.line.authors`: as a message, since a plain editor shows no results."""
    path = Path(os.path.realpath(str(given.get("path"))))
    if "text" not in given and (known := editor.texts.at(path)):
        given = {**given, "text": known.source}
    answer = await editor.core.dispatch(editor.connection, METHOD, given)
    found = FileAuthors.model_validate(answer)
    lines = [f"{run.start}-{run.end}: {brief(run)}" for run in found.runs]
    editor.tell(t.MessageType.Info, "\n".join(lines) or "No agent wrote any of these lines.")
    return answer


async def authors(editor: Editor, uri: str, first: int, last: int) -> list[LineAuthors]:
    """The runs of lines, from 0, that agents wrote in a document."""
    path = path_of(uri)
    if path is None:
        return []
    params: dict[str, object] = {"path": str(path), "start": first + 1, "end": last + 1}
    if known := editor.texts.opened(uri):
        params["text"] = known.source
    try:
        return (await editor.call(FileAuthors, METHOD, **params)).runs
    except AthenaError as error:
        if error.code in HARMLESS:
            return []
        raise


def brief(run: LineAuthors) -> str:
    """Who wrote some lines, in one line."""
    model = f", {run.model}" if run.model else ""
    return f"{run.agent_name} ({run.harness}{model}): {first_line(run.prompt, 60)}"


def told(run: LineAuthors, bold: str) -> str:
    """Agent, harness, model, turn, prompt, time and cost."""
    model = f", {run.model}" if run.model else ""
    facts = [time_words(run.at), f"turn {run.turn_id}", cost_words(run.cost)]
    lines = [
        f"{bold}{run.agent_name}{bold} ({run.harness}{model})",
        " · ".join(filter(None, facts)),
    ]
    quote = "> " if bold else ""
    lines += ["", *(f"{quote}{line}" for line in run.prompt.splitlines()[:8])]
    return "\n".join(lines) if not bold else "  \n".join(lines[:2]) + "\n" + "\n".join(lines[2:])


class Refresher:
    """Asks the client to ask again for what it shows in a text, when events may change that."""

    def __init__(self, editor: Editor, method: str, changing: Collection[str]) -> None:
        self._editor = editor
        self._method = method
        self._changing = changing

    def hear(self, news: News) -> None:
        """One refresh for all that came together."""
        if any(event.kind in self._changing for event in news.events):
            self._editor.start(self._editor.ask(self._method, None))
