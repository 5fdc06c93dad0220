"""What Codex says by itself: one function per notification, in one table."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from athena.harness.codex.asks import resolved
from athena.harness.codex.errors import is_refusal, turn_error
from athena.harness.codex.items import speech, tool_call
from athena.harness.codex.memory import Tokens, Work
from athena.harness.codex.session import interrupt_if_wanted
from athena.harness.codex.settings import heard
from athena.harness.codex.usage import as_usage, token_usage
from athena.harness.decode import Json, maybe_text, number, obj, objs, text, texts
from athena.harness.ledger import BACKGROUND
from athena.protocol import events as e
from athena.protocol.content import TextContent
from athena.protocol.items import (
    ItemStatus,
    Message,
    Plan,
    PlanEntry,
    Reasoning,
    ToolCall,
    UserMessage,
)
from athena.protocol.usage import Usage

Handler = Callable[[Work, Json], None]
OWN_PROMPT = "athena:"
"""How the client's name of a prompt begins, in prompts that Athena sent."""


def notification(work: Work, message: Json) -> None:
    """Take a notification."""
    method, params = text(message.get("method")), obj(message.get("params"))
    if method in SILENT:
        return
    if method in OF_ANY_THREAD:
        OF_ANY_THREAD[method](work, params)
        return
    handler = OF_OWN_THREAD.get(method)
    if handler is None:
        work.unrecognized(f"notification {method!r}", json.dumps(message))
    elif _is_own(work, params):
        handler(work, params)


def _is_own(work: Work, params: Json) -> bool:
    """Whether it is about our thread, not about a subagent's."""
    thread_id = params.get("threadId")
    return thread_id is None or work.memory.thread_id in (None, thread_id)


def _parent(work: Work, params: Json) -> str | None:
    return work.memory.subagents.get(text(params.get("threadId")))


# Turns.


def _turn_started(work: Work, params: Json) -> None:
    turn_id = text(obj(params.get("turn")).get("id"))
    if work.ledger.turn_id is None:
        work.begin_own_turn()
    work.remember(turn=turn_id, spent=Tokens(), error=None)
    interrupt_if_wanted(work)


def _turn_completed(work: Work, params: Json) -> None:
    turn = obj(params.get("turn"))
    own = work.ledger.turn_id
    if own is None or work.memory.turn not in (None, turn.get("id")):
        return
    usage = as_usage(work.memory.spent)
    match turn.get("status"):
        case "interrupted":
            ended = e.TurnEnded(turn_id=own, stop_reason="cancelled", usage=usage)
        case "failed":
            ended = _failed(work, own, obj(turn.get("error")), usage)
        case _:
            ended = e.TurnEnded(turn_id=own, stop_reason="endTurn", usage=usage)
    work.end_turn(ended)
    work.remember(turn=None, interrupting=False, spent=Tokens(), error=None, asks={})


def _failed(work: Work, turn_id: str, error: Json, usage: Usage) -> e.TurnEnded:
    if is_refusal(error):
        return e.TurnEnded(turn_id=turn_id, stop_reason="refusal", usage=usage)
    told = turn_error(error) if error else work.memory.error or turn_error({})
    return e.TurnEnded(turn_id=turn_id, stop_reason="failed", usage=usage, error=told)


def _error(work: Work, params: Json) -> None:
    error = turn_error(obj(params.get("error")))
    if params.get("willRetry") is True:
        work.notice(error.message, "warning", "retry")
        return
    work.remember(error=error)
    work.notice(error.message, "error", "api")


def _plan_updated(work: Work, params: Json) -> None:
    statuses = {"inProgress": ItemStatus.IN_PROGRESS, "completed": ItemStatus.COMPLETED}
    work.plan(
        Plan(
            entries=[
                PlanEntry(
                    text=text(one.get("step")),
                    status=statuses.get(text(one.get("status")), ItemStatus.PENDING),
                )
                for one in objs(params.get("plan"))
            ]
        )
    )


# Items.


def item_key(item: Json) -> str:
    """How the ledger names an item. A command may go on when its turn is over."""
    item_id = text(item.get("id"))
    return f"{BACKGROUND}{item_id}" if item.get("type") == "commandExecution" else item_id


def _item_started(work: Work, params: Json) -> None:
    item = obj(params.get("item"))
    key = item_key(item)
    own = _is_own(work, params)
    if own and (said := speech(item)):
        work.start(key, said)
        return
    call = tool_call(item, work.memory.cwd, _parent(work, params))
    if call is not None:
        item_id = work.start(key, call)
        _remember_subagents(work, item, item_id)


def _item_completed(work: Work, params: Json) -> None:
    item = obj(params.get("item"))
    key, kind = item_key(item), text(item.get("type"))
    if kind in SILENT_ITEMS:
        return
    if said := speech(item):
        if _is_own(work, params):
            _complete_speech(work, key, said)
        return
    call = tool_call(item, work.memory.cwd, _parent(work, params))
    if call is not None:
        done = _finished(call)
        item_id = work.complete(key, done) or work.add(done)
        _remember_subagents(work, item, item_id)
    elif _is_own(work, params):
        _other_item(work, kind, item)


def _complete_speech(work: Work, key: str, said: Message | Reasoning) -> None:
    done = said if said.text or work.find(key) is None else None
    if work.complete(key, done) is None and said.text:
        work.add(said)


def _finished(call: ToolCall) -> ToolCall:
    """Some items do not say how they ended: their being completed says it."""
    if call.status in (ItemStatus.PENDING, ItemStatus.IN_PROGRESS):
        return call.model_copy(update={"status": ItemStatus.COMPLETED})
    return call


def _remember_subagents(work: Work, item: Json, item_id: str) -> None:
    threads = texts(item.get("receiverThreadIds"))
    if threads and item.get("tool") == "spawnAgent":
        work.remember(subagents={**work.memory.subagents, **dict.fromkeys(threads, item_id)})


def _other_item(work: Work, kind: str, item: Json) -> None:
    match kind:
        case "userMessage":
            _user_message(work, item)
        case "contextCompaction":
            work.notice("The conversation was compacted.", topic="compaction")
        case "enteredReviewMode":
            work.notice("Codex reviews the changes.", topic="review")
        case "exitedReviewMode":
            work.add(Message(text=text(item.get("review"))))
        case _:
            work.unrecognized(f"item {kind!r}", json.dumps(item))


def _user_message(work: Work, item: Json) -> None:
    """A prompt: Athena's own are recorded already, others were given by somebody else."""
    if text(item.get("clientId")).startswith(OWN_PROMPT):
        return
    said = [text(one.get("text")) for one in objs(item.get("content"))]
    words = [TextContent(text=one) for one in said if one]
    if words:
        work.add(UserMessage(content=[*words], by="harness"))


def _speech_delta(work: Work, params: Json) -> None:
    if _is_own(work, params):
        work.append(text(params.get("itemId")), text(params.get("delta")))


def _summary_part(work: Work, params: Json) -> None:
    if number(params.get("summaryIndex")) > 0:
        work.append(text(params.get("itemId")), "\n\n")


def _output_delta(work: Work, params: Json) -> None:
    """What a command prints, while it runs; the completed item has all of it."""
    work.print(work.key_of(params.get("itemId")), text(params.get("delta")))


def _patch_updated(work: Work, params: Json) -> None:
    key = text(params.get("itemId"))
    item = {"type": "fileChange", "status": "inProgress", "changes": params.get("changes")}
    call = tool_call(item, work.memory.cwd, _parent(work, params))
    if call is not None:
        work.update(key, call)


# The session.


def _settings_updated(work: Work, params: Json) -> None:
    heard(work, obj(params.get("threadSettings")))


def _name_updated(work: Work, params: Json) -> None:
    title = maybe_text(params.get("threadName"))
    if title:
        work.events.append(e.TitleChanged(title=title))


def _model_rerouted(work: Work, params: Json) -> None:
    used, wanted = text(params.get("toModel")), text(params.get("fromModel"))
    work.notice(f"This turn uses {used} instead of {wanted}.", "warning", "model")


def _warning(work: Work, params: Json) -> None:
    words = maybe_text(params.get("message")) or maybe_text(params.get("summary"))
    details = maybe_text(params.get("details"))
    if words:
        work.notice(f"{words}\n{details}" if details else words, "warning", "codex")


def _mcp_status(work: Work, params: Json) -> None:
    error = maybe_text(params.get("error"))
    if params.get("status") == "failed" or error:
        name = text(params.get("name"))
        work.notice(
            f"MCP server {name} did not start: {error or 'no reason given'}", "warning", "mcp"
        )


def _hook_completed(work: Work, params: Json) -> None:
    run = obj(params.get("run"))
    if run.get("status") in ("failed", "blocked", "stopped"):
        said = " ".join(text(one.get("text")) for one in objs(run.get("entries")))
        words = maybe_text(run.get("statusMessage")) or said
        name = text(run.get("eventName"))
        work.notice(f"Hook {name}: {run.get('status')}. {words}".strip(), "warning", "hook")


def _approval_reviewed(work: Work, params: Json) -> None:
    """A reviewer other than the user has decided; what it denies the user wants to know."""
    review = obj(params.get("review"))
    if review.get("status") in ("denied", "timedOut"):
        why = text(review.get("rationale")) or "no reason given"
        verdict = "denied" if review.get("status") == "denied" else "could not decide on"
        work.notice(f"The automatic review {verdict} an action: {why}", "warning", "review")


def _login_recovery(work: Work, params: Json) -> None:
    work.notice(text(params.get("message")), "warning", "authentication")


def _thread_gone(work: Work, params: Json) -> None:
    work.notice("The thread was deleted by another program.", "warning", "session")


def _thread_reverted(work: Work, params: Json) -> None:
    work.notice("The thread was taken back to an earlier turn.", "warning", "session")


OF_ANY_THREAD: Mapping[str, Handler] = {
    "configWarning": _warning,
    "guardianWarning": _warning,
    "item/agentMessage/delta": _speech_delta,
    "item/commandExecution/outputDelta": _output_delta,
    "item/completed": _item_completed,
    "item/fileChange/patchUpdated": _patch_updated,
    "item/plan/delta": _speech_delta,
    "item/reasoning/summaryPartAdded": _summary_part,
    "item/reasoning/summaryTextDelta": _speech_delta,
    "item/reasoning/textDelta": _speech_delta,
    "item/started": _item_started,
    "mcpServer/startupStatus/updated": _mcp_status,
    "serverRequest/resolved": resolved,
    "warning": _warning,
}

OF_OWN_THREAD: Mapping[str, Handler] = {
    "error": _error,
    "hook/completed": _hook_completed,
    "item/autoApprovalReview/completed": _approval_reviewed,
    "model/rerouted": _model_rerouted,
    "modelProvider/authRecoveryCompleted": _login_recovery,
    "modelProvider/authRecoveryStarted": _login_recovery,
    "thread/deleted": _thread_gone,
    "thread/name/updated": _name_updated,
    "thread/reverted": _thread_reverted,
    "thread/settings/updated": _settings_updated,
    "thread/tokenUsage/updated": token_usage,
    "turn/completed": _turn_completed,
    "turn/plan/updated": _plan_updated,
    "turn/started": _turn_started,
}

SILENT_ITEMS = frozenset({"functionCallOutput", "hookPrompt", "subAgentActivity"})
SILENT = frozenset(
    {
        "account/rateLimits/updated",
        "account/updated",
        "app/list/updated",
        "autoApprovalReview/strictReviewRequired",  # the reviews themselves say more
        "deprecationNotice",  # about Athena's own use of the protocol
        "hook/started",
        "item/autoApprovalReview/started",
        "item/commandExecution/terminalInteraction",
        "item/fileChange/outputDelta",
        "item/mcpToolCall/progress",
        "model/safetyBuffering/updated",
        "model/verification",
        "project/changed",
        "remoteControl/status/changed",
        "skills/changed",
        "thread/archived",
        "thread/attachment/updated",
        "thread/closed",
        "thread/compacted",  # the item says the same
        "thread/environment/connected",
        "thread/environment/disconnected",
        "thread/goal/cleared",
        "thread/goal/updated",
        "thread/prediction/updated",
        "thread/project/updated",
        "thread/queue/changed",
        "thread/readState/changed",
        "thread/started",
        "thread/status/changed",  # turns and requests say the same
        "thread/unarchived",
        "turn/diff/updated",  # the worktree says the same
        "turn/moderationMetadata",
    }
)
"""Understood, and on purpose not recorded."""
