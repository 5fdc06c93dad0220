"""Answering: `window/showMessageRequest` for permissions and questions (`athena.lsp.offers`).

Requests that concern the editor are among the code actions too, for clients without dialogs and
for those that were dismissed. What is selected can be the answer to a question, since a dialog has
nothing to write in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types as t

from athena.lsp.features.actions import KIND, Action, provide
from athena.lsp.features.ask import LONGEST_PROMPT, selected
from athena.lsp.wording import first_line, request_words
from athena.protocol.agent import OpenRequest
from athena.protocol.request import Permission

if TYPE_CHECKING:
    from athena.lsp.editor import Editor
    from athena.lsp.server import AthenaLanguageServer


def register(server: AthenaLanguageServer, params: t.InitializeParams) -> None:
    """Take part in what is asked, and offer the answers as code actions."""
    editor = server.editor
    if editor and editor.wants("requests") and editor.offers("athena/request/answer"):
        provide(server, answers)


async def answers(editor: Editor, params: t.CodeActionParams) -> list[Action]:
    """Each possible answer to each request that waits."""
    if editor.desk is None or params.context.trigger_kind is t.CodeActionTriggerKind.Automatic:
        return []
    waiting = [r for a in editor.desk.agents.values() if editor.concerns(a) for r in a.requests]
    chosen = selected(editor, params.text_document.uri, params.range)
    words = chosen.text.strip() if chosen and params.range.start != params.range.end else ""
    return [a for r in sorted(waiting, key=lambda r: r.at) for a in _answers(r, words)]


def _answers(request: OpenRequest, words: str) -> list[Action]:
    body = request.request
    asked = f"{request.agent_name}: {request_words(request)}"
    given: list[tuple[str, dict[str, object]]] = []
    if isinstance(body, Permission):
        given = [(o.name, {"option": o.id}) for o in body.options]
    elif len(body.questions) == 1:
        question = body.questions[0]
        given = [(c.label, {"answers": {question.id: [c.label]}}) for c in question.choices]
        if words and len(words) <= LONGEST_PROMPT:
            said = f"Answer what is selected: {first_line(words, 40)}"
            given.append((said, {"answers": {question.id: [words]}}))
    return [
        Action(
            f"{name} ({asked})",
            f"{KIND}.answer",
            "athena.request.answer",
            {"requestId": request.request_id, **answer},
        )
        for name, answer in given
    ]
