"""The session: how it opens, the answers to Athena's commands, and when a turn is over."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from athena.harness.decode import Json, maybe_text, number, obj, objs, text
from athena.harness.errors import of_words
from athena.harness.pi.memory import Pending, Work
from athena.harness.pi.models import heard, level_choices, model_of, models_of, options
from athena.protocol import events as e
from athena.protocol.capability import Ability, SlashCommand
from athena.protocol.usage import Cost, CostSource

COMPACT = SlashCommand(name="compact", description="Compact the conversation", hint="what to keep")


def begin(work: Work) -> None:
    """The first commands."""
    work.request(Pending("state"), "get_state")
    work.request(Pending("models"), "get_available_models")
    work.request(Pending("commands"), "get_commands")


def response(work: Work, message: Json) -> None:
    """The answer to a command of ours."""
    name = text(message.get("id"))
    pending = work.memory.pending.get(name)
    if pending is None:
        work.unrecognized(f"an answer to nothing: {name!r}", json.dumps(message))
        return
    left = {key: value for key, value in work.memory.pending.items() if key != name}
    work.remember(pending=left)
    if message.get("success") is True:
        ANSWERS[pending.kind](work, pending, obj(message.get("data")))
    else:
        _failed(work, pending, text(message.get("error")) or "it gave no reason")
    if not work.memory.is_open and None not in (
        work.memory.session,
        work.memory.models,
        work.memory.commands,
    ):
        work.remember(is_open=True)
        _tell_session(work)


def _state(work: Work, pending: Pending, data: Json) -> None:
    """The session that pi has begun with. One that is lost is an empty one under its name."""
    memory = work.memory
    if memory.resume is not None and memory.primer is not None and not data.get("messageCount"):
        lost(work, "resume", memory.resume, "there is nothing in its file")
        work.remember(resume=None)
        work.request(Pending("anew"), "new_session")
        return
    if memory.resume is not None:
        # The conversation is there, so the text that would stand for it is not needed.
        work.remember(primer=memory.told)
    _heard(work, data)
    work.remember(resume=None, session=_session(data))


def lost(work: Work, verb: str, session: str, words: str) -> None:
    """The conversation is not to be had from pi: a new session is told what the log has of it."""
    told = " Its conversation is told to a new one." if work.memory.primer else ""
    work.notice(f"pi could not {verb} session {session}: {words}.{told}", "warning", "resume")
    work.events.append(e.SessionLost(run_id=work.ledger.run_id, session_id=session, error=words))


def _session(data: Json) -> str:
    """A session's name is its file, by which pi finds it from anywhere."""
    return maybe_text(data.get("sessionFile")) or text(data.get("sessionId"))


def _heard(work: Work, data: Json) -> None:
    heard(work, model_of(obj(data.get("model"))), maybe_text(data.get("thinkingLevel")))


def _anew(work: Work, pending: Pending, data: Json) -> None:
    work.request(Pending("state"), "get_state")


def _models(work: Work, pending: Pending, data: Json) -> None:
    models = models_of(data.get("models"))
    work.remember(models=models)
    if not models:
        words = "pi is not logged in: log in with /login in pi, or give it the key of a provider."
        work.notice(words, "warning", "authentication")


def _commands(work: Work, pending: Pending, data: Json) -> None:
    commands = [
        SlashCommand(name=text(one.get("name")), description=text(one.get("description")))
        for one in objs(data.get("commands"))
    ]
    work.remember(commands=(COMPACT, *commands))


def _tell_session(work: Work) -> None:
    memory = work.memory
    model = memory.model
    is_kept = _ability("/" in (memory.session or ""))
    found: Json = {
        "resume": is_kept,
        "fork": is_kept,
        "steer": Ability.YES,
        "interrupt": Ability.YES,
        "embedded_context": Ability.YES,
        "mcp": Ability.NO,
        "usage": Ability.YES,
        "sandbox": Ability.NO,
        "output_schema": Ability.NO,
        "models": [one.choice for one in memory.models or ()],
        "thinking_levels": level_choices(model),
        "commands": list(memory.commands or ()),
        "options": options(work),
    }
    if model is not None:
        found["images"] = _ability(model.sees)
        # A price of nothing is one that is not known.
        found["cost"] = Ability.YES if model.is_priced else work.known.cost
    work.events.append(
        e.SessionOpened(
            run_id=work.ledger.run_id,
            session_id=memory.session or "",
            model=model.name if model is not None else None,
            capabilities=work.known.model_copy(update=found),
        )
    )


def _ability(value: bool) -> Ability:
    return Ability.YES if value else Ability.NO


# Turns.


def _accepted(work: Work, pending: Pending, data: Json) -> None:
    """The prompt is on its way; or a command of an extension has done all that there was to do."""
    if pending.value == work.ledger.turn_id:
        work.remember(is_accepted=True)
        work.ask_whether_over()


def _settled(work: Work, pending: Pending, data: Json) -> None:
    """Whether pi rests, asked when it seemed so."""
    _heard(work, data)
    memory = work.memory
    if _session(data) != memory.session:
        # An extension took another one.
        work.remember(session=_session(data))
        _tell_session(work)
    waiting = number(data.get("pendingMessageCount"))
    goes_on = pending.kind == "compacted" and waiting > 0
    is_busy = data.get("isStreaming") is True or data.get("isCompacting") is True
    if pending.value != work.ledger.turn_id or is_busy or goes_on:
        return
    if memory.is_running or memory.will_go_on:
        return
    if waiting:
        work.notice(f"pi keeps {waiting} steered prompts for the next turn.", topic="steer")
    else:
        work.remember(own=())
    _end(work, pending.value)


def _end(work: Work, turn_id: str) -> None:
    memory = work.memory
    stop, error = "endTurn", None
    if memory.stop == "aborted" or (memory.is_interrupted and memory.stop in ("", "error")):
        stop = "cancelled"
    elif memory.error is not None:
        stop, error = "failed", memory.error
        work.notice(memory.error.message, "error", "api")
    elif memory.stop == "length":
        stop = "maxTokens"
    dollars = round(memory.dollars, 9)
    cost = Cost(amount=dollars, source=CostSource.REPORTED) if dollars else None
    work.end_turn(
        e.TurnEnded(turn_id=turn_id, stop_reason=stop, usage=memory.spent, cost=cost, error=error)
    )
    work.new_turn(is_accepted=False)


def _model(work: Work, pending: Pending, data: Json) -> None:
    heard(work, model_of(data), None)


def _level(work: Work, pending: Pending, data: Json) -> None:
    level = work.memory.level
    if level != pending.value:
        work.notice(
            f"The model has no level {pending.value!r}: it is {level}.", "warning", "option"
        )


def _nothing(work: Work, pending: Pending, data: Json) -> None:
    """What happened is said by an event."""


ANSWERS: Mapping[str, Callable[[Work, Pending, Json], None]] = {
    "state": _state,
    "models": _models,
    "commands": _commands,
    "anew": _anew,
    "prompt": _accepted,
    "steer": _nothing,
    "compact": _accepted,
    "abort": _nothing,
    "settle": _settled,
    "compacted": _settled,
    "model": _model,
    "level": _level,
}


def _failed(work: Work, pending: Pending, words: str) -> None:
    match pending.kind:
        case "state" | "anew":
            refused = f"pi opened no session: {words}"
            work.notice(refused, "error", "session")
            work.events.append(e.RunGivenUp(run_id=work.ledger.run_id, error=refused))
        case "models":
            work.remember(models=())
            work.notice(f"pi did not list its models: {words}", "warning", "models")
        case "commands":
            work.remember(commands=(COMPACT,))
            work.notice(f"pi did not list its commands: {words}", "warning", "commands")
        case "prompt" | "compact" | "settle" | "compacted":
            if pending.value == work.ledger.turn_id:
                error = e.TurnError(category=of_words(words) or "harness", message=words)
                work.remember(error=error, own=())
                _end(work, pending.value)
        case "steer" | "abort" | "model" | "level":
            work.notice(f"pi refused it: {words}", "error", pending.kind)
