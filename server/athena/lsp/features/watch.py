"""Watching agents: `$/progress` for each turn, and messages for what ended or went wrong.

A turn's progress can be cancelled, which interrupts the agent. Reports are dropped for a client
that reads too slowly; the beginning and the end never are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types as t

from athena.lsp.wording import cost_words, first_line
from athena.protocol import events as e
from athena.protocol.agent import AgentView
from athena.protocol.counted import counted
from athena.protocol.errors import AthenaError
from athena.protocol.events import Event
from athena.protocol.session import made_outside

if TYPE_CHECKING:
    from athena.lsp.desk import News
    from athena.lsp.editor import Editor
    from athena.lsp.server import AthenaLanguageServer

Told = tuple[t.MessageType, str]


def register(server: AthenaLanguageServer, params: t.InitializeParams) -> None:
    """Follow the turns of the agents that concern this editor."""
    editor = server.editor
    if editor is None or not editor.offers("athena/event/subscribe", "athena/agent/interrupt"):
        return
    if editor.wants("progress") and editor.can("window.work_done_progress"):
        turns = Turns(editor)
        editor.listeners.append(turns.hear)

        async def cancelled(params: t.WorkDoneProgressCancelParams) -> None:
            await turns.cancelled(params)

        server.feature(t.WINDOW_WORK_DONE_PROGRESS_CANCEL)(cancelled)
    if editor.wants("messages"):
        editor.listeners.append(Messages(editor).hear)


class Turns:
    """The progress of the running turns, one for each agent."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._shown: dict[str, Turn] = {}

    def hear(self, news: News) -> None:
        """Begin, report and end as the agents are now."""
        for agent in news.agents:
            shown = self._shown.get(agent.id)
            if shown is not None and shown.turn_id != agent.turn_id:
                shown.end(_ending(agent, shown.turn_id, news.events))
                del self._shown[agent.id]
                shown = None
            if shown is not None:
                shown.report(_doing(agent))
            elif agent.turn_id is not None and self._editor.concerns(agent):
                self._shown[agent.id] = Turn(self._editor, agent, agent.turn_id)

    async def cancelled(self, params: t.WorkDoneProgressCancelParams) -> None:
        """The user cancelled a turn's progress."""
        for agent_id, turn in self._shown.items():
            if turn.token == params.token:
                await self._interrupt(agent_id)

    async def _interrupt(self, agent_id: str) -> None:
        editor = self._editor
        try:
            await editor.core.dispatch(
                editor.connection, "athena/agent/interrupt", {"agent": agent_id}
            )
        except AthenaError as error:
            editor.tell(t.MessageType.Info, error.message)


class Turn:
    """The progress of one turn. What is told before the client has taken the token waits."""

    def __init__(self, editor: Editor, agent: AgentView, turn_id: str) -> None:
        self.turn_id = turn_id
        self.token = f"athena/{turn_id}"
        self._editor = editor
        self._title = f"{agent.name} ({agent.harness})"
        self._message = _doing(agent)
        self._begun = False
        self._ended: str | None = None
        editor.start(self._begin())

    def report(self, message: str) -> None:
        """What the agent does now."""
        if message != self._message:
            self._message = message
            if self._begun:
                value = t.WorkDoneProgressReport(message=message, cancellable=True)
                self._editor.start(self._editor.progress(self.token, value))

    def end(self, message: str) -> None:
        """The turn is over."""
        self._ended = message
        if self._begun:
            self._notify(t.WorkDoneProgressEnd(message=message))

    async def _begin(self) -> None:
        params = t.WorkDoneProgressCreateParams(self.token)
        await self._editor.ask(t.WINDOW_WORK_DONE_PROGRESS_CREATE, params)
        if self._ended is not None:
            return
        self._notify(
            t.WorkDoneProgressBegin(title=self._title, message=self._message, cancellable=True)
        )
        self._begun = True

    def _notify(self, value: object) -> None:
        self._editor.server.protocol.notify(t.PROGRESS, t.ProgressParams(self.token, value))


class Messages:
    """`window/showMessage` for results and failures."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._said: dict[str, str] = {}
        """What each agent said last, so that a result can be told."""

    def hear(self, news: News) -> None:
        """Tell what the user would want to know of."""
        agents = {a.id: a for a in news.agents}
        for event in news.events:
            agent = agents.get(event.agent_id)
            if agent is None or not self._editor.concerns(agent):
                continue
            item = event.data.get("item", {})
            if event.kind == e.ItemCompleted.KIND and item.get("type") == "message":
                self._said[event.agent_id] = first_line(str(item.get("text", "")))
            elif told := _told(agent, event, self._said.get(event.agent_id, "")):
                self._editor.tell(*told)
            if event.kind == e.TurnEnded.KIND:
                self._said.pop(event.agent_id, None)


def _told(agent: AgentView, event: Event, said: str) -> Told | None:
    """What a user should be told of an event, and how loudly."""
    match e.parse_event(event.kind, event.data):
        case e.TurnEnded() as ended if made_outside(ended.turn_id):
            return None
        case e.TurnEnded(stop_reason="failed", error=error):
            why = error.message if error else "the harness does not say why"
            return t.MessageType.Error, f"{agent.name} failed: {first_line(why)}"
        case e.TurnEnded(stop_reason="cancelled"):
            return t.MessageType.Info, f"{agent.name} was interrupted."
        case e.TurnEnded(stop_reason="endTurn", cost=cost):
            price = f" {cost_words(cost)}" if cost else ""
            return t.MessageType.Info, f"{agent.name} is done:{price} {said}".rstrip(": ")
        case e.TurnEnded(stop_reason=reason):
            return t.MessageType.Warning, f"{agent.name} ended early ({reason}). {said}".rstrip()
        case e.WorkspaceFailed(error=error):
            return t.MessageType.Error, f"{agent.name} has no workspace: {first_line(error)}"
        case e.RunEnded(reason="failed" | "lost" as reason, error=error):
            why = first_line(error) if error else "its process is gone"
            return t.MessageType.Error, f"{agent.name}: the run is {reason}: {why}"
        case e.AgentStalled(seconds=seconds):
            minutes = counted(round(seconds / 60) or 1, "minute")
            words = f"{agent.name} has been silent for {minutes}."
            return t.MessageType.Warning, words
        case e.CollisionsChanged(conflicts=[_, *_] as conflicts):
            words = f"{agent.name} conflicts with {counted(len(conflicts), 'other agent')}."
            return t.MessageType.Warning, words
        case _:
            return None


def _doing(agent: AgentView) -> str:
    if agent.requests:
        return "waits for your answer"
    return first_line(agent.activity or agent.status.value)


def _ending(agent: AgentView, turn_id: str, events: list[Event]) -> str:
    for event in events:
        if event.kind == e.TurnEnded.KIND and event.data.get("turnId") == turn_id:
            price = cost_words(e.TurnEnded.model_validate(event.data).cost)
            return " ".join(filter(None, [str(event.data.get("stopReason")), price]))
    return agent.status.value
