"""Reading: documents for agents, inbox, transcripts, diffs and comparisons, and links in them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from lsprotocol import types as t
from pydantic.alias_generators import to_camel

from athena.lsp import pages
from athena.lsp.documents import Documents, Read
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
        _only_in_documents(server, documents, "document_link", "documentLinkProvider")
    if editor.can("text_document.definition"):
        _provide_definition(server, documents)
        _only_in_documents(server, documents, "definition", "definitionProvider")


def _only_in_documents(
    server: AthenaLanguageServer, documents: Documents, name: str, provider: str
) -> None:
    """Be asked in our documents only, where the client takes it: all others are no matter of ours.

    Announced at once it would be for every file, and be asked with each.
    """
    editor = server.editor
    if editor is None or not editor.can(f"text_document.{name}.dynamic_registration"):
        return

    async def options() -> dict[str, object]:
        selector: list[dict[str, object]] = [{"scheme": pages.SCHEME}]
        if not documents.virtual:
            pattern = f"{_literally(await documents.folder())}/*"
            selector = [{"scheme": "file", "pattern": pattern}]
        more = {"resolveProvider": True} if name == "document_link" else {}
        return {"documentSelector": selector, **more}

    server.later[provider] = (f"textDocument/{to_camel(name)}", options)


def _literally(path: Path) -> str:
    """A path as a glob pattern that fits itself alone."""
    return re.sub(r"([][*?{}])", r"[\1]", str(path))


async def openings(editor: Editor, params: t.CodeActionParams) -> list[Action]:
    """The documents as code actions, for clients that cannot run a command by its name."""
    automatic = params.context.trigger_kind is t.CodeActionTriggerKind.Automatic
    if automatic or editor.desk is None:
        return []
    recent = editor.recent(MOST_OFFERED)
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
    if any(a.requests for a in editor.desk.agents.values()):
        found.append(Action("Inbox", f"{KIND}.read", "athena.request.list"))
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
        read = await documents.read(params.text_document.uri)
        return [_link(documents, read, found) for found in pages.links(read.text)] if read else []

    async def resolve(link: t.DocumentLink) -> t.DocumentLink:
        if isinstance(link.data, str):
            name, text, line = await documents.find(link.data)
            place = name if documents.virtual else await documents.file(name, text)
            link.target = f"{place}#L{line + 1}" if line else place
        return link

    options = t.DocumentLinkOptions(resolve_provider=True)
    server.feature(t.TEXT_DOCUMENT_DOCUMENT_LINK, options)(links)
    server.feature(t.DOCUMENT_LINK_RESOLVE)(resolve)


def _link(documents: Documents, read: Read, found: pages.Link) -> t.DocumentLink:
    """A link. A turn's line, and the file of a document of ours, are found when it is followed."""
    place = read.place(found.line, found.start, found.end)
    is_ours = found.target.startswith(f"{pages.SCHEME}:")
    if is_ours and (not documents.virtual or "#" in found.target):
        return t.DocumentLink(place, data=found.target)
    return t.DocumentLink(place, target=found.target)


def _provide_definition(server: AthenaLanguageServer, documents: Documents) -> None:
    async def definition(params: t.DefinitionParams) -> t.Location | None:
        read = await documents.read(params.text_document.uri)
        if read is None or server.editor is None:
            return None
        if diff := pages.CHANGES.fullmatch(read.name):
            return await _changed(server.editor, diff[1], read.text, params.position.line)
        return await _followed(documents, read, params.position)

    server.feature(t.TEXT_DOCUMENT_DEFINITION)(definition)


async def _changed(editor: Editor, agent_id: str, text: str, line: int) -> t.Location | None:
    """The place in the agent's worktree that a line of its diff is."""
    place = pages.changed_place(text, line)
    agent = await editor.call(AgentDetail, "athena/agent/get", agent=agent_id)
    if place is None or agent.workspace is None:
        return None
    path, number = place
    return _location(editor.uri_of(Path(agent.workspace.path, path)), number - 1)


async def _followed(documents: Documents, read: Read, at: t.Position) -> t.Location | None:
    """Where the link at a position leads; else the first one of its line."""
    character = read.character(at)
    here = [found for found in pages.links(read.text) if found.line == at.line]
    under = [found for found in here if found.start <= character <= found.end]
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
