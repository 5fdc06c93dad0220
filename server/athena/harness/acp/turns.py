"""Turns: prompts, steering, cancelling, and how a turn ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from athena.core.heading import heading
from athena.harness.acp import asks
from athena.harness.acp.content import to_acp, turn_error
from athena.harness.acp.memory import Pending, Work
from athena.harness.acp.updates import end_stream, history_is_over
from athena.harness.acp.usage import turn_cost, turn_usage
from athena.harness.decode import Json, text
from athena.harness.quirks import AcpQuirks
from athena.protocol import events as e
from athena.protocol.content import ContentBlock, TextContent, plain_text

STEERING = "_session/steering"
"""The extension by which the adapters of Codex and Claude Code take prompts into a turn."""

Stop = Literal["endTurn", "maxTokens", "maxTurns", "refusal", "cancelled"]
STOP_REASONS: dict[str, Stop] = {
    "end_turn": "endTurn",
    "max_tokens": "maxTokens",
    "max_turn_requests": "maxTurns",
    "refusal": "refusal",
    "cancelled": "cancelled",
}


LONGEST_TITLE = 200
"""So much of the first words is kept to know a title that is made of them."""


def prompt(work: Work, turn_id: str, content: Sequence[ContentBlock]) -> None:
    """Begin a turn."""
    end_stream(work)
    work.begin_turn(turn_id)
    _send(work, content)


def _send(work: Work, content: Sequence[ContentBlock]) -> None:
    memory = work.memory
    blocks = [*(TextContent(text=one) for one in memory.preface), *content]
    if memory.preface or not memory.asked:
        work.remember(asked=heading(plain_text(list(content)))[:LONGEST_TITLE])
    work.remember(
        preface=(),
        prefaced="".join(memory.preface[:1])[:LONGEST_TITLE] or memory.prefaced,
        said=(plain_text(list(blocks)),),
        interrupted=False,
        failure=None,
        finished={},
        terminals={},
        cost_before=memory.cost,
    )
    work.ask_session(
        Pending("prompt", work.ledger.turn_id or ""),
        "session/prompt",
        prompt=to_acp(blocks, memory.agent),
    )


def steer(work: Work, content: Sequence[ContentBlock]) -> None:
    """Hand a prompt to the running turn."""
    work.remember(said=(*work.memory.said, plain_text(list(content))))
    work.ask_session(
        Pending("steer", blocks=tuple(content)),
        STEERING,
        prompt=to_acp(content, work.memory.agent),
        _meta={"steering": {"idleBehavior": "promptRequired"}},
    )


def steered(work: Work, pending: Pending, result: Json) -> None:
    """The agent has taken a steering prompt, or has no turn to take it into."""
    match result.get("outcome"):
        case "injected" | "startedNewTurn":
            return
        case "promptRequired":
            work.remember(leftover=(*work.memory.leftover, pending.blocks))
            _go_on(work)
        case outcome:
            work.notice(f"The agent did not take the prompt ({outcome}).", "error", "steer")


def _go_on(work: Work) -> None:
    """Prompts that came too late for their turn begin one of their own."""
    if work.memory.leftover and work.ledger.turn_id is None:
        blocks = [block for one in work.memory.leftover for block in one]
        work.remember(leftover=())
        work.begin_own_turn()
        _send(work, blocks)


def interrupt(work: Work) -> None:
    """Cancel the turn. ACP: open permission requests are then answered with `cancelled`."""
    if work.ledger.turn_id is None:
        return
    work.remember(interrupted=True)
    work.send({"method": "session/cancel", "params": {"sessionId": work.memory.session_id}})
    asks.give_up_all(work)


def ended(work: Work, pending: Pending, result: Json, quirks: AcpQuirks) -> None:
    """The answer to `session/prompt`: the turn is over."""
    if pending.value != work.ledger.turn_id:
        return
    reason = text(result.get("stopReason"))
    if work.memory.failure is not None and reason == "end_turn":
        failed(work, pending, {"message": work.memory.failure})
        return
    end_stream(work)
    if reason not in STOP_REASONS:
        work.unrecognized(f"stop reason {reason!r}", str(result))
    _end(
        work,
        e.TurnEnded(
            turn_id=pending.value,
            stop_reason=STOP_REASONS.get(reason, "endTurn"),
            usage=turn_usage(work, result, quirks.usage_scope),
            cost=turn_cost(work),
        ),
    )
    _go_on(work)


def failed(work: Work, pending: Pending, error: Json) -> None:
    """The prompt was answered with an error."""
    if pending.value != work.ledger.turn_id:
        return
    end_stream(work)
    reason = "cancelled" if work.memory.interrupted else "failed"
    found = None if work.memory.interrupted else turn_error(error)
    _end(
        work,
        e.TurnEnded(turn_id=pending.value, stop_reason=reason, cost=turn_cost(work), error=found),
    )
    _go_on(work)


def lost(work: Work, reason: str) -> None:
    """The process is gone in the middle of what it did."""
    turn_id = work.ledger.turn_id
    interrupted = work.memory.interrupted
    work.settle_all()
    if turn_id is not None:
        error = None if interrupted else e.TurnError(category="harness", message=reason)
        stop = "cancelled" if interrupted else "failed"
        work.end_turn(
            e.TurnEnded(turn_id=turn_id, stop_reason=stop, cost=turn_cost(work), error=error)
        )
    work.remember(asks={}, calls={}, pending={}, stream=None, leftover=())


def _end(work: Work, what: e.TurnEnded) -> None:
    history_is_over(work)
    work.remember(asks={}, interrupted=False, said=())
    work.end_turn(what)
