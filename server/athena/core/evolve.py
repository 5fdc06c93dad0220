"""How each event changes an agent's state."""

from __future__ import annotations

from typing import Any

from athena.core.abilities import has_image, merged, shown, with_shown
from athena.core.spending import add_cost, spend
from athena.core.state import AgentState, RunState, TurnState, is_read_only
from athena.protocol import events as e
from athena.protocol.agent import (
    ImportedSession,
    OpenRequest,
    QueuedPrompt,
    ScriptView,
    WorkspaceView,
)
from athena.protocol.capability import Capabilities
from athena.protocol.items import (
    Item,
    ItemStatus,
    Message,
    Plan,
    Reasoning,
    ToolCall,
    UserMessage,
)
from athena.protocol.review import CommentView
from athena.protocol.spec import AgentSpec
from athena.protocol.usage import Cost, Usage

Change = dict[str, Any]
"""Fields of the state that an event replaces."""


def evolve(
    state: AgentState | None, agent_id: str, version: int, at: int, data: e.EventData
) -> AgentState:
    """The state after an event. The first event of an agent is `AgentSpawned`."""
    if state is None:
        if not isinstance(data, e.AgentSpawned):
            raise ValueError(f"agent {agent_id} begins with {data.KIND}, not with agentSpawned")
        return AgentState(
            id=agent_id,
            spec=data.spec,
            name=data.spec.name,
            version=version,
            created_at=at,
            updated_at=at,
            model=data.spec.model,
            mode=data.spec.mode,
        )
    change = _change(state, at, data)
    known = change.get("capabilities", state.capabilities)
    if not is_read_only(state):
        change["capabilities"] = with_shown(known, shown(state, data))
    return state.model_copy(update={**change, "version": version, "updated_at": at})


def _change(state: AgentState, at: int, data: e.EventData) -> Change:
    """The change of one event; an event that this version does not know changes nothing."""
    if isinstance(
        data,
        e.ItemStarted
        | e.ItemUpdated
        | e.ItemCompleted
        | e.RequestOpened
        | e.RequestClosed
        | e.RequestReminded,
    ):
        return _item_change(state, at, data)
    if isinstance(
        data,
        e.PromptQueued
        | e.PromptWithdrawn
        | e.PromptSteered
        | e.TurnStarted
        | e.TurnInterrupted
        | e.TurnEnded
        | e.UsageReported
        | e.ContextMeasured,
    ):
        return _turn_change(state, at, data)
    if isinstance(
        data,
        e.VerdictGiven | e.CommentAdded | e.CommentsSent | e.CommentResolved | e.CollisionsChanged,
    ):
        return _review_change(state, at, data)
    if isinstance(data, e.RunStarted | e.SessionOpened | e.SessionLost | e.RunGivenUp | e.RunEnded):
        return _run_change(state, data)
    if isinstance(data, e.SessionImported | e.SessionAdopted):
        return _outside_change(state, data)
    return _life_change(state, at, data)


def _moved(state: AgentState, data: e.AgentMoved) -> Change:
    chosen = {"harness": data.harness, "model": data.model, "mode": data.mode}
    spec = state.spec.model_copy(update={**chosen, "options": data.options or {}})
    return {"spec": spec, "model": data.model, "mode": data.mode}


def _life_change(state: AgentState, at: int, data: e.EventData) -> Change:
    match data:
        case e.AgentRenamed():
            return {"name": data.name}
        case e.AgentArchived():
            return {"archived": True, "wanted": False}
        case e.AgentRestored():
            return {"archived": False}
        case e.AgentMoved():
            return _moved(state, data)
        case e.AgentStalled():
            return {"stalled": True}
        case e.AgentRecovered():
            return {"stalled": False}
        case e.AgentStopped():
            return {"ending": data.how if state.run else None, "wanted": False, "queue": []}
        case e.AgentResumed():
            return {"ending": None, "wanted": True, "workspace_error": None}
        case e.WorkspaceReady():
            view = WorkspaceView(
                kind=data.kind,
                path=data.path,
                cwd=data.cwd,
                repository=data.repository,
                branch=data.branch,
                base_commit=data.base_commit,
                first_port=data.first_port,
                ports=data.ports,
                also=data.also or [],
            )
            return {"workspace": view, "workspace_error": None, "setup": data.setup or []}
        case e.WorkspaceFailed():
            return {"workspace_error": data.error, "wanted": False}
        case e.WorkspaceRemoved():
            return {"workspace": None, "wanted": False, "collisions": [], "conflicts": []}
        case e.ScriptStarted() | e.ScriptEnded():
            return _script_change(state, at, data)
        case e.CheckpointTaken():
            captured = {**_captured(data.turn_id, data.edge), "checkpoint": data.commit}
            if state.workspace is None:
                return captured
            found = {"submodules": data.submodules or []}
            return {**captured, "workspace": state.workspace.model_copy(update=found)}
        case e.CheckpointFailed():
            return _captured(data.turn_id, data.edge)
        case e.RuleRemembered():
            return {"rules": [data.rule, *state.rules]}
        case e.ModeChanged() | e.ModelChanged() | e.OptionsChanged():
            return _setting_change(state, data)
        case e.CommandsChanged():
            found = state.capabilities.model_copy(update={"commands": data.commands})
            return {"capabilities": found}
        case e.TitleChanged():
            return {"title": data.title}
        case _:
            return {}


def _setting_change(
    state: AgentState, data: e.ModeChanged | e.ModelChanged | e.OptionsChanged
) -> Change:
    """A setting of the session, which its next run is to begin with."""
    match data:
        case e.ModeChanged():
            return {"mode": data.mode, "spec": _with_setting(state.spec, data, mode=data.mode)}
        case e.ModelChanged():
            return {"model": data.model, "spec": _with_setting(state.spec, data, model=data.model)}
        case e.OptionsChanged():
            before = {option.id: option.current for option in state.capabilities.options}
            chosen = {
                option.id: option.current
                for option in data.options
                if option.category not in ("mode", "model")
                and option.current is not None
                and before.get(option.id, option.current) != option.current
            }
            found = state.capabilities.model_copy(update={"options": data.options})
            spec = state.spec.model_copy(update={"options": {**state.spec.options, **chosen}})
            return {"capabilities": found, "spec": spec}


def _with_setting(
    spec: AgentSpec, data: e.ModeChanged | e.ModelChanged, **setting: str
) -> AgentSpec:
    gone = data.replaces or []
    options = {name: value for name, value in spec.options.items() if name not in gone}
    return spec.model_copy(update={**setting, "options": options})


def _script_change(state: AgentState, at: int, data: e.ScriptStarted | e.ScriptEnded) -> Change:
    match data:
        case e.ScriptStarted():
            started = ScriptView(
                script_id=data.script_id, stage=data.stage, command=data.command, started_at=at
            )
            known = {**state.scripts, data.script_id: started}
            return {"scripts": known, "scripts_run": state.scripts_run + 1}
        case e.ScriptEnded():
            left = {k: v for k, v in state.scripts.items() if k != data.script_id}
            done = data.stage == "setup" and data.ok
            return {"scripts": left, "setup": state.setup[1:] if done else state.setup}


def _review_change(state: AgentState, at: int, data: e.EventData) -> Change:
    match data:
        case e.VerdictGiven():
            left = {k: v for k, v in state.verdicts.items() if k not in data.ids}
            given = dict.fromkeys(data.ids, data.verdict) if data.verdict != "open" else {}
            return {"verdicts": {**left, **given}}
        case e.CommentAdded():
            comment = CommentView(
                comment_id=data.comment_id,
                agent_id=state.id,
                repository=data.repository,
                path=data.path,
                line=data.line,
                end_line=data.end_line,
                text=data.text,
                by=data.by,
                at=at,
                turn_id=data.turn_id,
            )
            return {"comments": [*state.comments, comment]}
        case e.CommentsSent():
            return {"comments": _marked(state, data.comment_ids, "sent")}
        case e.CommentResolved():
            return {"comments": _marked(state, [data.comment_id], "resolved")}
        case e.CollisionsChanged():
            return {"collisions": data.others, "conflicts": data.conflicts}
        case _:
            return {}


def _marked(state: AgentState, ids: list[str], mark: str) -> list[CommentView]:
    return [
        c.model_copy(update={"state": mark}) if c.comment_id in ids else c for c in state.comments
    ]


def _captured(turn_id: str, edge: str) -> Change:
    return {"captured": turn_id} if edge == "start" else {"uncaptured": None}


def _run_change(
    state: AgentState,
    data: e.RunStarted | e.SessionOpened | e.SessionLost | e.RunGivenUp | e.RunEnded,
) -> Change:
    match data:
        case e.RunStarted():
            run = RunState(
                run_id=data.run_id,
                harness=data.harness,
                resume=data.resume,
                fork=bool(data.fork),
            )
            return {"run": run, "runs": state.runs + 1, "ending": None, "stalled": False}
        case e.SessionOpened():
            run = RunState(
                run_id=data.run_id,
                harness=state.run.harness if state.run else state.spec.harness,
                session_id=data.session_id,
                ready=True,
            )
            return {
                "run": run,
                "session_id": data.session_id,
                "session_harness": run.harness,
                "sessions": _with(state.sessions, data.session_id),
                "capabilities": _known(state, run, data.capabilities),
                "model": data.model or state.model,
                "mode": data.mode or state.mode,
            }
        case e.SessionLost():
            if state.run is None:
                return {}
            lost = state.run.model_copy(update={"lost": True})
            gone = {"run": lost, "session_id": None, "session_harness": None}
            return {**gone, "spec": _without_copy(state.spec)}
        case e.RunGivenUp():
            if state.run is None:
                return {}
            return {"run": state.run.model_copy(update={"given_up": data.error})}
        case e.RunEnded():
            was_ready = state.run is not None and state.run.ready
            by_itself = data.reason in ("exited", "idle", "lost")
            moved = state.run is not None and state.run.harness != state.spec.harness
            # The next run has no session to restore, so this happens once.
            lost = state.run is not None and state.run.lost and not was_ready
            return {
                "run": None,
                "last_run": data,
                "ending": None,
                "stalled": False,
                "activity": None,
                "requests": {},
                "turn": None,
                "wanted": moved or bool(by_itself and (lost or (was_ready and state.queue))),
            }


def _without_copy(spec: AgentSpec) -> AgentSpec:
    """The spec of a fork whose harness could not copy the session: it is not tried again."""
    if spec.fork is None:
        return spec
    return spec.model_copy(update={"fork": spec.fork.model_copy(update={"session_id": None})})


def _known(state: AgentState, run: RunState, said: Capabilities) -> Capabilities:
    """What the same version of the harness showed in an earlier session stays known."""
    before = state.capabilities
    same = run.harness == state.session_harness and before.version == said.version
    return merged(before, said) if same else said


def _outside_change(state: AgentState, data: e.SessionImported | e.SessionAdopted) -> Change:
    match data:
        case e.SessionImported():
            imported = ImportedSession(
                harness=data.harness, session_id=data.session_id, path=data.path
            )
            return {
                "imported": imported,
                "wanted": False,
                "session_id": data.session_id,
                "session_harness": data.harness,
                "sessions": _with(state.sessions, data.session_id),
            }
        case e.SessionAdopted():
            if state.imported is None:
                return {}
            given = {"workspace": data.workspace, "model": data.model, "mode": data.mode}
            return {
                "imported": state.imported.model_copy(update={"adopted": True}),
                "spec": state.spec.model_copy(update=given),
                "model": data.model or state.model,
                "mode": data.mode or state.mode,
                "wanted": True,
            }


def _with(known: list[str], name: str) -> list[str]:
    return known if name in known else [*known, name]


def _turn_change(state: AgentState, at: int, data: e.EventData) -> Change:
    match data:
        case e.PromptQueued():
            prompt = QueuedPrompt(
                prompt_id=data.prompt_id, content=data.content, delivery=data.delivery, by=data.by
            )
            queue = [q for q in state.queue if q.delivery == "steer"]
            rest = [q for q in state.queue if q.delivery != "steer"]
            queue = [*queue, prompt, *rest] if data.delivery == "steer" else [*queue, *rest, prompt]
            return {"queue": queue, "prompts": state.prompts + 1, "wanted": True}
        case e.PromptWithdrawn() | e.PromptSteered():
            return {"queue": [q for q in state.queue if q.prompt_id != data.prompt_id]}
        case e.TurnStarted():
            turn = TurnState(turn_id=data.turn_id, run_id=data.run_id, started_at=at)
            return {
                "turn": turn,
                "turns": state.turns + (1 if data.origin == "prompt" else 0),
                "queue": [q for q in state.queue if q.prompt_id != data.prompt_id],
                "stalled": False,
                "activity": None,
            }
        case e.TurnInterrupted():
            if state.turn is None:
                return {}
            return {"turn": state.turn.model_copy(update={"interrupted": True})}
        case e.TurnEnded():
            return {
                **_settled(state, at, data),
                "turn": None,
                "last_turn": data,
                "activity": None,
                # What was done outside is over: there is no tree of that moment to capture.
                "uncaptured": None if is_read_only(state) else data.turn_id,
            }
        case e.UsageReported():
            return _counted(state, at, data)
        case e.ContextMeasured():
            return {"context": data.window}
        case _:
            return {}


def _counted(state: AgentState, at: int, data: e.UsageReported) -> Change:
    """Usage inside a turn is kept with the turn, since the turn's own sum replaces it."""
    turn = state.turn
    if turn is None:
        return {"usage": state.usage.plus(data.usage), **_paid(state, at, data.cost)}
    if data.response_id is not None and data.response_id in turn.responses:
        return {}
    seen = [*turn.responses, data.response_id] if data.response_id else turn.responses
    more = {
        "usage": turn.usage.plus(data.usage),
        "cost": add_cost(turn.cost, data.cost),
        "responses": seen,
    }
    return {"turn": turn.model_copy(update=more)}


def _settled(state: AgentState, at: int, data: e.TurnEnded) -> Change:
    part_usage = state.turn.usage if state.turn else Usage()
    part_cost = state.turn.cost if state.turn else None
    return {
        "usage": state.usage.plus(data.usage or part_usage),
        **_paid(state, at, data.cost or part_cost),
    }


def _paid(state: AgentState, at: int, cost: Cost | None) -> Change:
    return {"cost": add_cost(state.cost, cost), "spending": spend(state.spending, at, cost)}


def _item_change(state: AgentState, at: int, data: e.EventData) -> Change:
    match data:
        case e.ItemStarted():
            return {"activity": activity(data.item) or state.activity, "stalled": False}
        case e.ItemUpdated():
            title = data.changes.get("title")
            return {"activity": title} if isinstance(title, str) else {}
        case e.ItemCompleted():
            # What the user says to a stalled harness is no sign of life of it.
            heard = {} if isinstance(data.item, UserMessage) else {"stalled": False}
            if state.turn is not None and has_image(data):
                return {**heard, "turn": state.turn.model_copy(update={"has_image": True})}
            return heard
        case e.RequestOpened():
            opened = OpenRequest(
                request_id=data.request_id,
                agent_id=state.id,
                turn_id=data.turn_id,
                item_id=data.item_id,
                at=at,
                request=data.request,
            )
            return {"requests": {**state.requests, data.request_id: opened}}
        case e.RequestClosed():
            left = {k: v for k, v in state.requests.items() if k != data.request_id}
            return {"requests": left}
        case e.RequestReminded():
            waiting = state.requests.get(data.request_id)
            if waiting is None:
                return {}
            told = waiting.model_copy(update={"reminders": data.count})
            return {"requests": {**state.requests, data.request_id: told}}
        case _:
            return {}


def activity(item: Item) -> str | None:
    """What the agent is doing, in a few words."""
    match item:
        case ToolCall():
            return item.title
        case Message():
            return "writing"
        case Reasoning():
            return "thinking"
        case Plan():
            current = [p.text for p in item.entries if p.status == ItemStatus.IN_PROGRESS]
            return current[0] if current else "planning"
        case _:
            return None
