"""`textDocument/codeAction`: collects what the features offer at a place.

A client without code action literals is given commands instead, without those that are edits. Of
the kinds that it asks for (`only`), each covers the kinds below it (LSP 3.17, `CodeActionKind`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lsprotocol import types as t

from athena.protocol.errors import AthenaError

if TYPE_CHECKING:
    from athena.lsp.editor import Editor
    from athena.lsp.server import AthenaLanguageServer

KIND = "athena"
PREFIX = "Athena: "

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Action:
    """One code action. `written`: what it leads to is written by a model."""

    title: str
    kind: str
    command: str | None = None
    argument: dict[str, object] = field(default_factory=dict[str, object])
    edit: t.WorkspaceEdit | None = None
    written: bool = False
    problems: Sequence[t.Diagnostic] = ()


Provider = Callable[["Editor", t.CodeActionParams], Awaitable[list[Action]]]


def provide(server: AthenaLanguageServer, provider: Provider) -> bool:
    """Let a feature offer code actions, if there are any here; the first one announces them."""
    editor = server.editor
    if editor is None or not editor.wants("actions") or not editor.can("text_document.code_action"):
        return False
    if not server.actions:
        kinds = [t.CodeActionKind.QuickFix, KIND]
        server.feature(t.TEXT_DOCUMENT_CODE_ACTION, t.CodeActionOptions(code_action_kinds=kinds))(
            collect
        )
    server.actions.append(provider)
    return True


async def collect(
    ls: AthenaLanguageServer, params: t.CodeActionParams
) -> list[t.CodeAction | t.Command]:
    """All actions at a place."""
    editor = ls.editor
    assert editor is not None
    found = await asyncio.gather(*(_provided(editor, p, params) for p in ls.actions))
    only = params.context.only
    wanted = [a for actions in found for a in actions if _is_wanted(a.kind, only)]
    if editor.can("text_document.code_action.code_action_literal_support"):
        tagged = bool(editor.can("text_document.code_action.tag_support"))
        return [_literal(a, tagged) for a in wanted]
    return [_command(a) for a in wanted if a.command is not None]


async def _provided(editor: Editor, provider: Provider, params: t.CodeActionParams) -> list[Action]:
    try:
        return await provider(editor, params)
    except (AthenaError, OSError) as error:
        # What one feature cannot say must not hide what the others offer.
        log.info("code actions: %s", error)
        return []


def _is_wanted(kind: str, only: Sequence[str] | None) -> bool:
    return only is None or any(f"{kind}.".startswith(f"{o}." if o else "") for o in only)


def _command(action: Action) -> t.Command:
    assert action.command is not None
    return t.Command(PREFIX + action.title, action.command, arguments=[action.argument])


def _literal(action: Action, tagged: bool) -> t.CodeAction:
    return t.CodeAction(
        title=PREFIX + action.title,
        kind=action.kind,
        diagnostics=list(action.problems) or None,
        command=_command(action) if action.command else None,
        edit=action.edit,
        tags=[t.CodeActionTag.LlmGenerated] if tagged and action.written else None,
    )
