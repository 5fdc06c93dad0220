"""Reading: documents for agents, inbox, transcripts, diffs and comparisons, and links in them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from lsprotocol import types as t

from athena.lsp import pages
from athena.lsp.documents import Documents
from athena.lsp.features.actions import KIND, Action, provide
from athena.protocol.agent import AgentDetail
from athena.protocol.errors import AthenaError, ErrorCode

if TYPE_CHECKING:
    from athena.lsp.editor import Editor
    from athena.lsp.server import AthenaLanguageServer

METHODS = (
    "athena/system/info",
    "athena/agent/list",
    "athena/agent/get",
    "athena/request/list",
    "athena/transcript/page",
    "athena/changeset/get",
    "athena/changeset/file",
    "athena/comparison/get",
)
MOST_OFFERED = 2
Given = dict[str, object]
Address = Callable[[Given], str]
Opener = Callable[["Editor", Given], Awaitable[object]]

DOCUMENTS: dict[str, Address] = {
    "athena.agent.list": lambda given: pages.AGENTS,
    "athena.request.list": lambda given: pages.INBOX,
    "athena.transcript.open": lambda given: pages.transcript_uri(
        _text(given, "agent"), _optional(given, "turnId")
    ),
    "athena.changeset.get": lambda given: pages.changes_uri(
        _text(given, "agent"), _optional(given, "turnId")
    ),
    "athena.comparison.get": lambda given: pages.comparison_uri(
        cast("list[str]", given.get("agents") or [])
    ),
}
"""The commands that open a document, and which."""


def register(server: AthenaLanguageServer, params: t.InitializeParams) -> None:
    """Open documents by command, and let the client read them."""
    editor = server.editor
    if editor is None or not editor.wants("documents") or not editor.offers(*METHODS):
        return
    documents = Documents(editor)
    editor.listeners.append(documents.hear)
    provide(server, openings)
    for command, address in DOCUMENTS.items():
        server.commands[command] = _opener(documents, address)
    if documents.virtual:
        _provide_content(server, documents)
    if editor.can("text_document.document_link"):
        _provide_links(server, documents)
    if editor.can("text_document.definition"):
        _provide_definition(server, documents)


async def openings(editor: Editor, params: t.CodeActionParams) -> list[Action]:
    """The documents as code actions, for clients that cannot run a command by its name."""
    automatic = params.context.trigger_kind is t.CodeActionTriggerKind.Automatic
    if automatic or editor.desk is None:
        return []
    known = [a for a in editor.desk.agents.values() if not a.archived and editor.concerns(a)]
    recent = sorted(known, key=lambda a: -a.updated_at)[:MOST_OFFERED]
    found = [
        Action(f"{words} of {a.name}", f"{KIND}.read", command, {"agent": a.id})
        for a in recent
        for words, command in (
            ("Transcript", "athena.transcript.open"),
            ("Changes", "athena.changeset.get"),
        )
    ]
    if recent:
        found.append(Action("All agents", f"{KIND}.read", "athena.agent.list"))
    return found


def _opener(documents: Documents, address: Address) -> Opener:
    async def opened(editor: Editor, given: Given) -> object:
        given = await _with_ids(editor, given)
        return await documents.open(address(given))

    return opened


async def _with_ids(editor: Editor, given: Given) -> Given:
    """The parameters with agents by id, so that a document has one address."""
    found = dict(given)
    if isinstance(agent := given.get("agent"), str):
        found["agent"] = (await editor.call(AgentDetail, "athena/agent/get", agent=agent)).id
    if isinstance(agents := given.get("agents"), list):
        names = cast("list[object]", agents)
        views = [await editor.call(AgentDetail, "athena/agent/get", agent=a) for a in names]
        found["agents"] = [view.id for view in views]
    return found


def _provide_content(server: AthenaLanguageServer, documents: Documents) -> None:
    async def content(params: t.TextDocumentContentParams) -> t.TextDocumentContentResult:
        return t.TextDocumentContentResult(await documents.text(params.uri))

    server.feature(t.WORKSPACE_TEXT_DOCUMENT_CONTENT)(content)
    server.announced["workspace"] = {"textDocumentContent": {"schemes": [pages.SCHEME]}}


def _provide_links(server: AthenaLanguageServer, documents: Documents) -> None:
    async def links(params: t.DocumentLinkParams) -> list[t.DocumentLink]:
        editor = server.editor
        name = documents.name_of(params.text_document.uri)
        if name is None or editor is None:
            return []
        text = editor.texts.get_text_document(params.text_document.uri).source
        return [_link(documents, found) for found in pages.links(text)]

    async def resolve(link: t.DocumentLink) -> t.DocumentLink:
        if isinstance(link.data, str):
            link.target = await documents.file(link.data.partition("#")[0])
        return link

    options = t.DocumentLinkOptions(resolve_provider=True)
    server.feature(t.TEXT_DOCUMENT_DOCUMENT_LINK, options)(links)
    server.feature(t.DOCUMENT_LINK_RESOLVE)(resolve)


def _link(documents: Documents, found: pages.Link) -> t.DocumentLink:
    """A link; where there are no virtual documents its file is written when it is followed."""
    place = t.Range(t.Position(found.line, found.start), t.Position(found.line, found.end))
    is_ours = found.target.startswith(f"{pages.SCHEME}:")
    if is_ours and not documents.virtual:
        return t.DocumentLink(place, data=found.target)
    return t.DocumentLink(place, target=found.target)


def _provide_definition(server: AthenaLanguageServer, documents: Documents) -> None:
    async def definition(params: t.DefinitionParams) -> t.Location | None:
        name = documents.name_of(params.text_document.uri)
        if name is None or server.editor is None:
            return None
        text = server.editor.texts.get_text_document(params.text_document.uri).source
        if diff := pages.CHANGES.fullmatch(name):
            return await _changed(server.editor, diff[1], text, params.position.line)
        return await _followed(documents, text, params.position)

    server.feature(t.TEXT_DOCUMENT_DEFINITION)(definition)


async def _changed(editor: Editor, agent_id: str, text: str, line: int) -> t.Location | None:
    """The place in the agent's worktree that a line of its diff is."""
    place = pages.changed_place(text, line)
    agent = await editor.call(AgentDetail, "athena/agent/get", agent=agent_id)
    if place is None or agent.workspace is None:
        return None
    path, number = place
    return _location(editor.uri_of(Path(agent.workspace.path, path)), number - 1)


async def _followed(documents: Documents, text: str, at: t.Position) -> t.Location | None:
    """Where the link at a position leads; else the first one of its line."""
    here = [found for found in pages.links(text) if found.line == at.line]
    under = [found for found in here if found.start <= at.character <= found.end]
    for found in under or here:
        target, _, fragment = found.target.partition("#")
        if not target.startswith(f"{pages.SCHEME}:"):
            line = fragment.removeprefix("L")
            return _location(target, int(line) - 1 if line.isdigit() else 0)
        name, words, row = await documents.find(found.target)
        place = name if documents.virtual else await documents.file(name, words)
        return _location(place, row)
    return None


def _location(uri: str, line: int) -> t.Location:
    start = t.Position(max(line, 0), 0)
    return t.Location(uri, t.Range(start, start))


def _text(given: Given, name: str) -> str:
    if not isinstance(value := given.get(name), str):
        raise AthenaError(ErrorCode.INVALID_PARAMS, f"{name} must be a text.", field=name)
    return value


def _optional(given: Given, name: str) -> str | None:
    return None if given.get(name) is None else _text(given, name)
