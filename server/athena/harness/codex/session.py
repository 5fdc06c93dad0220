"""The session: how it opens, and the answers to Athena's own requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from athena.harness.codex.errors import turn_error
from athena.harness.codex.memory import Pending, Tokens, Work
from athena.harness.codex.settings import effort_options, heard, mode_choices
from athena.harness.decode import Json, maybe_text, number, obj, objs, text, texts
from athena.protocol import events as e
from athena.protocol.capability import Ability, Capabilities, Choice, SlashCommand

CLIENT = {"name": "athena", "title": "Athena", "version": "1"}
UNWANTED = ("turn/diff/updated", "thread/readState/changed", "account/rateLimits/updated")
"""Notifications that say nothing which is not said elsewhere, and are asked not to come."""

COMPACT = SlashCommand(name="compact", description="Compact the conversation")


def initialize(work: Work) -> None:
    """The first request."""
    capabilities = {
        "experimentalApi": True,
        "requestAttestation": False,
        "optOutNotificationMethods": list(UNWANTED),
    }
    params = {"clientInfo": CLIENT, "capabilities": capabilities}
    work.request(Pending("initialize"), "initialize", params)


def response(work: Work, message: Json, known: Capabilities) -> None:
    """The answer to a request of ours."""
    request_id = str(message.get("id"))
    pending = work.memory.pending.get(request_id)
    if pending is None:
        return
    left = {key: value for key, value in work.memory.pending.items() if key != request_id}
    work.remember(pending=left)
    if "error" in message:
        _failed(work, pending, obj(message.get("error")))
    else:
        SUCCEEDED[pending.kind](work, obj(message.get("result")))
    _open_when_ready(work, known)


def _initialized(work: Work, result: Json) -> None:
    work.remember(version=_version(text(result.get("userAgent"))))
    work.send({"method": "initialized"})
    work.request(Pending("account"), "account/read", {})
    work.request(Pending("models"), "model/list", {})
    params = work.memory.thread_params
    if work.memory.resume is None:
        work.request(Pending("thread"), "thread/start", params)
        return
    method = "thread/fork" if work.memory.fork else "thread/resume"
    params = {**params, "threadId": work.memory.resume, "excludeTurns": True}
    work.request(Pending("resume"), method, params)


def _version(user_agent: str) -> str | None:
    """`athena/0.163.0 (Debian ...)`: Codex's version after the client's name."""
    first = user_agent.split(" ", 1)[0]
    return maybe_text(first.rpartition("/")[2])


def _account(work: Work, result: Json) -> None:
    """Say now that a login is missing where one is needed, not when the first prompt fails."""
    if result.get("requiresOpenaiAuth") is True and not result.get("account"):
        words = "Codex is not logged in: run codex login, or set up another provider."
        work.notice(words, "warning", "authentication")


def _models(work: Work, result: Json) -> None:
    models = [one for one in objs(result.get("data")) if one.get("hidden") is not True]
    seeing = [one for one in models if "image" in texts(one.get("inputModalities"))]
    work.remember(
        models=tuple(_model(one) for one in models),
        efforts={text(one.get("model")): _efforts(one) for one in models},
        image_models=tuple(text(one.get("model")) for one in seeing),
    )


def _model(model: Json) -> Choice:
    return Choice(
        id=text(model.get("model")),
        name=text(model.get("displayName")) or text(model.get("model")),
        description=maybe_text(model.get("description")),
    )


def _efforts(model: Json) -> list[Choice]:
    return [
        Choice(
            id=text(one.get("reasoningEffort")),
            name=text(one.get("reasoningEffort")),
            description=maybe_text(one.get("description")),
        )
        for one in objs(model.get("supportedReasoningEfforts"))
    ]


def _thread(work: Work, result: Json) -> None:
    """A thread is there: new, resumed or forked. Its settings are beside it."""
    thread = obj(result.get("thread"))
    # The parameters have done their work, and may hold secrets of MCP servers.
    work.remember(thread_id=text(thread.get("id")), thread_params={})
    heard(work, result, policy_key="sandbox")


def _resumed(work: Work, result: Json) -> None:
    # The conversation is there, so the text that would stand for it is not needed.
    work.remember(primer=work.memory.told)
    _thread(work, result)


def _turn(work: Work, result: Json) -> None:
    """The running turn has a name now, by which it can be interrupted."""
    turn_id = text(obj(result.get("turn")).get("id"))
    if turn_id and work.ledger.turn_id is not None:
        work.remember(turn=turn_id)
        interrupt_if_wanted(work)


def interrupt_if_wanted(work: Work) -> None:
    """Interrupt the turn, if that was asked for before the turn had a name."""
    memory = work.memory
    if memory.interrupting and memory.turn is not None:
        work.remember(interrupting=False)
        params = {"threadId": memory.thread_id, "turnId": memory.turn}
        work.request(Pending("interrupt"), "turn/interrupt", params)


def _nothing(work: Work, result: Json) -> None:
    """What happened is said by a notification."""


SUCCEEDED: Mapping[str, Callable[[Work, Json], None]] = {
    "initialize": _initialized,
    "account": _account,
    "models": _models,
    "thread": _thread,
    "resume": _resumed,
    "turn": _turn,
    "steer": _nothing,
    "interrupt": _nothing,
    "settings": _nothing,
}


def _failed(work: Work, pending: Pending, error: Json) -> None:
    words = text(error.get("message")) or f"error {number(error.get('code'))}"
    match pending.kind:
        case "models":
            work.remember(models=())
            work.notice(f"Codex did not list its models: {words}", "warning", "models")
        case "resume":
            _start_anew(work, words)
        case "turn":
            _turn_failed(work, error, words)
        case "steer":
            # The turn was over before the prompt came: it becomes a turn of its own.
            start_turn(work, pending.input)
        case "interrupt" | "account":
            # The turn was over before, and its end says so; an older Codex has no accounts.
            pass
        case "settings":
            work.notice(f"Codex refused the change: {words}", "error", "settings")
        case "initialize" | "thread":
            refused = f"Codex opened no session: {words}"
            work.notice(refused, "error", "session")
            work.events.append(e.RunGivenUp(run_id=work.ledger.run_id, error=refused))


def _start_anew(work: Work, words: str) -> None:
    """The thread cannot be resumed: a new one takes its place, and the transcript says so."""
    told = " Its conversation is told to the new one." if work.memory.primer else ""
    verb, name = "copy" if work.memory.fork else "resume", work.memory.resume
    work.notice(f"Codex could not {verb} session {name}: {words}.{told}", "warning", "resume")
    work.events.append(e.SessionLost(run_id=work.ledger.run_id, session_id=name or "", error=words))
    work.remember(resume=None, totals=Tokens())
    work.request(Pending("thread"), "thread/start", work.memory.thread_params)


def _turn_failed(work: Work, error: Json, words: str) -> None:
    turn_id = work.ledger.turn_id
    if turn_id is not None:
        failed = turn_error({**error, "message": words})
        work.end_turn(e.TurnEnded(turn_id=turn_id, stop_reason="failed", error=failed))
        work.remember(turn=None)


def start_turn(work: Work, prompt: list[Json]) -> None:
    """Send a prompt as a turn."""
    params = {**work.memory.turn_params, "threadId": work.memory.thread_id, "input": prompt}
    work.request(Pending("turn", prompt), "turn/start", params)


def _open_when_ready(work: Work, known: Capabilities) -> None:
    memory = work.memory
    if memory.is_open or memory.thread_id is None or memory.models is None:
        return
    work.remember(is_open=True, options=effort_options(work))
    work.events.append(
        e.SessionOpened(
            run_id=work.ledger.run_id,
            session_id=memory.thread_id,
            model=memory.model,
            mode=memory.mode,
            capabilities=_capabilities(work, known),
        )
    )


def _capabilities(work: Work, known: Capabilities) -> Capabilities:
    memory = work.memory
    can_see = memory.model in memory.image_models
    is_listed = memory.model in memory.efforts
    return known.model_copy(
        update={
            "version": memory.version or known.version,
            "resume": Ability.YES,
            "fork": Ability.YES,
            "steer": Ability.YES,
            "interrupt": Ability.YES,
            "images": _ability(can_see) if is_listed else Ability.UNKNOWN,
            "embedded_context": Ability.YES,
            "mcp": Ability.YES,
            "permissions": Ability.YES,
            "usage": Ability.YES,
            "cost": Ability.NO,
            "sandbox": Ability.YES,
            "output_schema": Ability.YES,
            "modes": mode_choices(),
            "models": list(memory.models or ()),
            "thinking_levels": memory.efforts.get(memory.model or "", []),
            "commands": [COMPACT],
            "options": list(memory.options),
        }
    )


def _ability(value: bool) -> Ability:
    return Ability.YES if value else Ability.NO
