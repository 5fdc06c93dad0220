"""Messages of type `system`, and the small ones beside them: the state of the session."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from athena.harness.claude.memory import Work
from athena.harness.claude.messages import to_background
from athena.harness.claude.session import changed_mode, changed_model, commands
from athena.harness.decode import Json, maybe_text, number, obj, text, texts
from athena.protocol import events as e
from athena.protocol.content import ToolText
from athena.protocol.items import ItemStatus, ToolCall

Handler = Callable[[Work, Json], None]


def system(work: Work, frame: Json) -> None:
    """Take a `system` message."""
    subtype = text(frame.get("subtype"))
    handler = SYSTEM.get(subtype)
    if handler is not None:
        handler(work, frame)
    elif subtype not in SILENT_SYSTEM:
        work.unrecognized(f"system message {subtype!r}", json.dumps(frame))


def _init(work: Work, frame: Json) -> None:
    """Comes at the start of each turn."""
    work.remember(features=tuple(texts(frame.get("capabilities"))))
    session_id = text(frame.get("session_id"))
    if session_id and session_id != work.memory.session_id:
        work.remember(session_id=session_id)
        work.events.append(
            e.SessionOpened(
                run_id=work.ledger.run_id,
                session_id=session_id,
                model=maybe_text(frame.get("model")),
                mode=maybe_text(frame.get("permissionMode")),
            )
        )
    changed_model(work, text(frame.get("model")))
    changed_mode(work, text(frame.get("permissionMode")))


def _status(work: Work, frame: Json) -> None:
    changed_mode(work, text(frame.get("permissionMode")))
    if frame.get("compact_result") == "failed":
        why = text(frame.get("compact_error"))
        work.notice(f"The conversation could not be compacted: {why}", "warning", "compaction")


def _api_retry(work: Work, frame: Json) -> None:
    status = frame.get("error_status")
    what = f"answered {status}" if status else "could not be reached"
    wait = number(frame.get("retry_delay_ms")) / 1000
    attempt, limit = number(frame.get("attempt")), number(frame.get("max_retries"))
    words = f"The provider {what} ({text(frame.get('error')) or 'unknown'})"
    work.notice(
        f"{words}; retry {attempt} of {limit} in {wait:.1f} s.", level="warning", topic="retry"
    )


def _compacted(work: Work, frame: Json) -> None:
    about = obj(frame.get("compact_metadata"))
    before, after = number(about.get("pre_tokens")), number(about.get("post_tokens"))
    size = f" from {before}" + (f" to {after} tokens" if after else " tokens") if before else ""
    work.notice(f"The conversation was compacted{size}.", topic="compaction")


def _hook_response(work: Work, frame: Json) -> None:
    outcome = text(frame.get("outcome"))
    if outcome and outcome != "success":
        said = text(frame.get("stderr")).strip() or text(frame.get("output")).strip()
        name = text(frame.get("hook_name"))
        work.notice(f"Hook {name}: {outcome}. {said}".strip(), "warning", "hook")


def _spoken(key: str, topic: str) -> Handler:
    """A message that is a text for the user."""

    def handler(work: Work, frame: Json) -> None:
        words = text(frame.get(key)).strip()
        if words:
            level = "warning" if frame.get("level") == "warning" else "info"
            work.notice(words, level, topic)

    return handler


def _refused(work: Work, frame: Json) -> None:
    work.notice(text(frame.get("content")) or "The model refused.", "warning", "refusal")


def _commands_changed(work: Work, frame: Json) -> None:
    work.events.append(e.CommandsChanged(commands=commands(frame.get("commands"))))


def _task_started(work: Work, frame: Json) -> None:
    task_id, tool_use_id = text(frame.get("task_id")), text(frame.get("tool_use_id"))
    if task_id and tool_use_id:
        work.remember(tasks={**work.memory.tasks, task_id: tool_use_id})


def _task_notification(work: Work, frame: Json) -> None:
    """The end of a task: it finishes the tool call that began it, where that is still open."""
    task_id = text(frame.get("task_id"))
    tool_use_id = text(frame.get("tool_use_id")) or work.memory.tasks.get(task_id, "")
    key = work.call_key(tool_use_id)
    opened = work.find(key)
    left = {key: value for key, value in work.memory.tasks.items() if key != task_id}
    work.remember(tasks=left)
    if opened is None or not isinstance(opened.item, ToolCall):
        return
    done = frame.get("status") == "completed"
    summary = text(frame.get("summary"))
    said = [ToolText(text=summary)] if summary else []
    status = ItemStatus.COMPLETED if done else ItemStatus.FAILED
    update = {"status": status, "content": [*opened.item.content, *said]}
    work.complete(key, opened.item.model_copy(update=update))


def _task_updated(work: Work, frame: Json) -> None:
    """A running call was moved to the background: it outlives its turn."""
    if obj(frame.get("patch")).get("is_backgrounded") is True:
        to_background(work, work.memory.tasks.get(text(frame.get("task_id")), ""))


def _lost(work: Work, frame: Json) -> None:
    why = text(frame.get("error_code")) or text(frame.get("error"))
    work.notice(f"Claude Code could not save its session: {why}.", "error", "session")


SYSTEM: Mapping[str, Handler] = {
    "api_retry": _api_retry,
    "commands_changed": _commands_changed,
    "compact_boundary": _compacted,
    "hook_response": _hook_response,
    "informational": _spoken("content", "informational"),
    "init": _init,
    "local_command_output": _spoken("content", "command"),
    "mirror_error": _lost,
    "model_refusal_fallback": _refused,
    "model_refusal_no_fallback": _refused,
    "notification": _spoken("text", "notification"),
    "session_writes_lost": _lost,
    "status": _status,
    "task_notification": _task_notification,
    "task_started": _task_started,
    "task_updated": _task_updated,
}

SILENT_SYSTEM = frozenset(
    {
        "background_tasks_changed",  # the task's own messages say the same
        "control_request_progress",
        "elicitation_complete",
        "files_persisted",
        "hook_progress",
        "hook_started",
        "memory_recall",
        "permission_denied",  # the tool's result says the same
        "plugin_install",
        "session_state_changed",  # turns and requests say the same
        "task_progress",
        "thinking_tokens",
        "worker_shutting_down",
    }
)
"""Understood, and on purpose not recorded."""


def rate_limit(work: Work, frame: Json) -> None:
    """The state of a subscription's limits; worth a word only when one is near or reached."""
    info = obj(frame.get("rate_limit_info"))
    status = text(info.get("status"))
    if status in ("", "allowed"):
        return
    level = "error" if status == "rejected" else "warning"
    kind = text(info.get("rateLimitType")).replace("_", " ") or "usage"
    words = "is used up" if status == "rejected" else "is nearly used up"
    work.notice(f"The {kind} limit {words}.", level, "rateLimit")


def auth_status(work: Work, frame: Json) -> None:
    """Claude Code logs in by itself."""
    error = text(frame.get("error"))
    if error:
        work.notice(f"Claude Code could not log in: {error}", "error", "authentication")


def conversation_reset(work: Work, frame: Json) -> None:
    """The conversation was discarded (`/clear`); the next turn names the new session."""
    work.notice("The conversation was cleared.", topic="session")
