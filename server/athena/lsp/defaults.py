"""What a command is given that a plain editor cannot ask its user for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from athena.lsp.places import path_of
from athena.protocol.agent import AgentList, AgentView, Status
from athena.protocol.command import Argument, Command, Source
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.transcript import RequestList

if TYPE_CHECKING:
    from athena.lsp.editor import Editor

FIRST = (Status.NEEDS_PERMISSION, Status.NEEDS_INPUT)
MOST_COMPARED = 4


async def completed(editor: Editor, row: Command, given: dict[str, object]) -> dict[str, object]:
    """The parameters with what is missing filled in, as far as it can be known.

    Raises `AthenaError` that names what to give where it cannot. The project of a new agent is the
    open folder, also when it is not required.
    """
    filled = dict(given)
    replaced = {a.instead_of for a in row.arguments if a.name in given}
    for argument in row.arguments:
        if argument.name in filled or argument.name in replaced:
            continue
        is_project = argument.source is Source.DIRECTORY and argument.name == "project"
        if is_project:
            filled["project"] = str(editor.folders()[0])
        elif argument.required and argument.source in _FILLERS:
            filled[argument.name] = await _FILLERS[argument.source](editor, row)
        elif argument.required and not _has_prompt(argument, filled):
            raise _missing(row, argument)
    return filled


def _has_prompt(argument: Argument, filled: dict[str, object]) -> bool:
    return argument.source is Source.PROMPT and "content" in filled


def _missing(row: Command, argument: Argument) -> AthenaError:
    words = f'{row.id} needs {argument.name}: give it as {{"{argument.name}": …}}.'
    return AthenaError(ErrorCode.INVALID_PARAMS, words, field=argument.name)


async def _agents(editor: Editor, row: Command) -> list[AgentView]:
    """The agents that a command may mean, the likeliest first."""
    wants_archived = row.when is not None and row.when.archived is not False
    known = await editor.call(AgentList, "athena/agent/list", archived=wants_archived)
    fitting = [
        a
        for a in known.agents
        if row.when is None
        or row.when.fits(a.status, running=a.run_id is not None, archived=a.archived)
    ]
    here = [a for a in fitting if editor.concerns(a)]
    return sorted(here or fitting, key=lambda a: (a.status not in FIRST, -a.updated_at))


async def _agent(editor: Editor, row: Command) -> str:
    found = await _agents(editor, row)
    if not found:
        words = f"There is no agent that {row.id} would fit; name one, or start one first."
        raise AthenaError(ErrorCode.NOT_FOUND, words, field="agent")
    return found[0].id


async def _compared(editor: Editor, row: Command) -> list[str]:
    found = (await _agents(editor, row))[:MOST_COMPARED]
    if len(found) < 2:
        words = "There are no two agents to compare."
        raise AthenaError(ErrorCode.NOT_FOUND, words, field="agents")
    return [a.id for a in found]


async def _request(editor: Editor, row: Command) -> str:
    """The oldest request of an agent that works here, else the oldest of all."""
    waiting = (await editor.call(RequestList, "athena/request/list")).requests
    known = await editor.call(AgentList, "athena/agent/list", archived=True)
    here = {a.id for a in known.agents if editor.concerns(a)}
    found = [r for r in waiting if r.agent_id in here] or waiting
    if not found:
        raise AthenaError(ErrorCode.NOT_FOUND, "No request waits for an answer.", field="requestId")
    return min(found, key=lambda r: r.at).request_id


async def _document(editor: Editor, row: Command) -> str:
    path = path_of(editor.document) if editor.document else None
    if path is None:
        raise AthenaError(ErrorCode.INVALID_PARAMS, "No file is in view; give path.", field="path")
    return str(path)


_FILLERS: dict[Source, Callable[[Editor, Command], Awaitable[object]]] = {
    Source.AGENT: _agent,
    Source.AGENTS: _compared,
    Source.REQUEST: _request,
    Source.DOCUMENT: _document,
}
