"""The end of a turn (`result`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from athena.harness.claude.errors import of_result
from athena.harness.claude.memory import Spent, Work
from athena.harness.claude.usage import by_model, context_size, cost_of, of_turn
from athena.harness.decode import Json, amount, maybe_text, text, texts
from athena.protocol import events as e
from athena.protocol.usage import Usage

StopReason = Literal["endTurn", "maxTokens", "maxTurns", "refusal", "cancelled", "failed"]

OF_STOP: Mapping[str, StopReason] = {"max_tokens": "maxTokens", "refusal": "refusal"}
GONE = "No conversation found"
"""How Claude Code says that it does not have the session it was to go on with."""

ABORTED = ("aborted_streaming", "aborted_tools")


def result(work: Work, frame: Json) -> None:
    """One result ends one turn; which, it says itself where it names the prompts it answers."""
    before = work.memory.cost_total
    work.remember(cost_total=amount(frame.get("total_cost_usd")))
    if work.ledger.turn_id is None:
        _without_turn(work, frame)
        return
    answered = texts(frame.get("user_message_uuids"))
    own = work.memory.prompt_uuid
    work.remember(steered=tuple(one for one in work.memory.steered if one not in answered))
    if own is not None and answered and own not in answered:
        # The turn of a steered prompt that came too late; the prompt's own turn follows.
        work.remember(carried=work.memory.carried.plus(of_turn(frame, before)))
        return
    spent = work.memory.carried.plus(of_turn(frame, before))
    _count_the_rest(work, work.ledger.turn_id, frame)
    stop, error = _outcome(work, frame)
    size = context_size(frame, work.memory.model)
    work.end_turn(
        e.TurnEnded(
            turn_id=work.ledger.turn_id,
            stop_reason=stop,
            usage=spent.usage,
            cost=cost_of(spent),
            error=error,
        )
    )
    work.remember(
        prompt_uuid=None,
        carried=Spent(),
        error=None,
        stop=None,
        streams={},
        context_size=size or work.memory.context_size,
    )


def _count_the_rest(work: Work, turn_id: str, frame: Json) -> None:
    """The tokens of responses that nobody told one by one, such as a subagent's, by model."""
    counted = work.memory.counted
    for name, usage in by_model(frame).items():
        rest = usage.minus(counted.get(name.partition("[")[0], counted.get(name, Usage())))
        if rest.input_tokens or rest.output_tokens:
            work.events.append(
                e.UsageReported(
                    turn_id=turn_id, response_id=f"{turn_id}/{name}", model=name, usage=rest
                )
            )
    work.remember(counted={})


def _outcome(work: Work, frame: Json) -> tuple[StopReason, e.TurnError | None]:
    """How the turn ended. `is_error` and `terminal_reason` tell; the subtype does not."""
    reason = text(frame.get("terminal_reason"))
    subtype = text(frame.get("subtype"))
    if reason in ABORTED:
        return "cancelled", None
    if reason == "max_turns" or subtype == "error_max_turns":
        return "maxTurns", None
    if frame.get("is_error") is True:
        return "failed", of_result(frame, work.memory.error)
    stop = maybe_text(frame.get("stop_reason")) or work.memory.stop or ""
    return OF_STOP.get(stop, "endTurn"), None


def _without_turn(work: Work, frame: Json) -> None:
    """A result that answers no prompt: an error at the start, such as a session that is gone."""
    if frame.get("is_error") is not True:
        return
    words = of_result(frame, work.memory.error).message
    work.remember(error=None)
    if work.memory.resumed and not work.memory.opened and words.startswith(GONE):
        _lost(work, words)
    else:
        work.notice(words, "error", topic="session")


def _lost(work: Work, words: str) -> None:
    """There is no such session: Claude Code ends now, and the next run begins a new one."""
    copied = work.memory.copied
    verb, name = ("copy", copied) if copied else ("resume", work.memory.session_id)
    told = " Its conversation is told to a new one." if work.memory.primer else ""
    work.notice(f"Claude Code could not {verb} session {name}: {words}.{told}", "warning", "resume")
    run_id = work.ledger.run_id
    work.events.append(e.SessionLost(run_id=run_id, session_id=name, error=words))
