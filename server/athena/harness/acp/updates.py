"""Session updates: what the agent tells of its work."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from athena.core.heading import heading
from athena.harness.acp import settings
from athena.harness.acp.content import spoken, turn_error
from athena.harness.acp.memory import Stream, Work
from athena.harness.acp.toolcalls import tool_update
from athena.harness.acp.usage import response_usage, usage_update
from athena.harness.decode import Json, maybe_text, obj, objs, text
from athena.harness.quirks import AcpQuirks
from athena.protocol import events as e
from athena.protocol.capability import SlashCommand
from athena.protocol.content import TextContent
from athena.protocol.items import (
    ItemStatus,
    Message,
    Notice,
    Plan,
    PlanEntry,
    Reasoning,
    UserMessage,
)

STREAM = "stream"
NEVER = "(?!)"
PLAN = "plan"
ENTRY_STATUS = {
    "pending": ItemStatus.PENDING,
    "in_progress": ItemStatus.IN_PROGRESS,
    "completed": ItemStatus.COMPLETED,
}
SAID = (
    "user_message_chunk",
    "agent_message_chunk",
    "agent_thought_chunk",
    "tool_call",
    "tool_call_update",
    "plan",
    "plan_update",
    "plan_removed",
)
"""The updates that a conversation is made of; the others tell the state of the session."""


def session_update(work: Work, params: Json, quirks: AcpQuirks) -> None:
    """Take a `session/update`."""
    update = obj(params.get("update"))
    kind = text(update.get("sessionUpdate"))
    session_id, ours = maybe_text(params.get("sessionId")), work.memory.session_id
    if kind in SAID and work.memory.failure is not None:
        # It was not the last word after all.
        work.remember(failure=None)
    if session_id and ours and session_id != ours:
        work.unrecognized(f"update of another session, {session_id}", json.dumps(params))
    elif (kind in SAID and _is_history(work, kind)) or (
        kind == "agent_message_chunk" and _is_about_provider(work, update, quirks)
    ):
        return
    elif handler := UPDATES.get(kind):
        handler(work, update)
    elif kind == "agent_message_chunk" and _is_notice(update, quirks):
        level = obj(obj(update.get("_meta")).get(quirks.notice_meta or "")).get("level")
        words = spoken(update.get("content"))
        work.add(Notice(level="warning" if level == "warning" else "info", text=words))
    elif kind in CHUNKS:
        _chunk(work, kind, update)
    else:
        work.unrecognized(f"session update {kind!r}", json.dumps(update))


def _is_history(work: Work, kind: str) -> bool:
    """Whether this was said in an earlier run and is in the log already."""
    match work.memory.history:
        case None:
            return False
        case "late":
            # A history begins with the user's words; anything else is of this run.
            begins = kind == "user_message_chunk"
            work.remember(history="replaying" if begins else None)
            return begins
        case "loading" | "replaying":
            return True


def history_is_over(work: Work) -> None:
    """What comes now is of this run, whatever the agent replayed before."""
    if work.memory.history in ("late", "replaying"):
        work.remember(history=None)


def _is_notice(update: Json, quirks: AcpQuirks) -> bool:
    meta = obj(obj(update.get("_meta")).get(quirks.notice_meta or ""))
    return meta.get("kind") == "informational"


def _is_about_provider(work: Work, update: Json, quirks: AcpQuirks) -> bool:
    """Whether a message is the agent's own, of a provider that fails: it is told as that."""
    words = spoken(update.get("content")).strip()
    if found := re.fullmatch(quirks.retry or NEVER, words, re.DOTALL):
        end_stream(work)
        work.notice(found[1], "warning", "retry")
    elif found := re.fullmatch(quirks.failure or NEVER, words, re.DOTALL):
        end_stream(work)
        work.remember(failure=found[1])
        work.notice(turn_error({"message": found[1]}).message, "error", "api")
    return found is not None


# Messages and thoughts.

CHUNKS: Mapping[str, Callable[[], Message | Reasoning]] = {
    "agent_message_chunk": Message,
    "agent_thought_chunk": Reasoning,
}


def _chunk(work: Work, kind: str, update: Json) -> None:
    """A piece of a message. Another kind or another name is another message."""
    stream = Stream(kind, maybe_text(update.get("messageId")))
    words = spoken(update.get("content"))
    if work.memory.stream != stream and words:
        end_stream(work)
        work.start(STREAM, CHUNKS[kind]())
        work.remember(stream=stream)
    work.append(STREAM, words)
    response_usage(work, obj(obj(update.get("_meta")).get("usage")))


def end_stream(work: Work) -> None:
    """The message that is being streamed is complete."""
    work.complete(STREAM)
    work.remember(stream=None)


def _user_chunk(work: Work, update: Json) -> None:
    """The user's words said back, or words that the harness puts into the user's mouth."""
    words = spoken(update.get("content"))
    if not words.strip() or any(words.strip() in said for said in work.memory.said):
        return
    end_stream(work)
    work.add(UserMessage(content=[TextContent(text=words)], by="harness"))


# Tools and plans.


def _tool_call(work: Work, update: Json) -> None:
    end_stream(work)
    tool_update(work, update)


def _tool_call_update(work: Work, update: Json) -> None:
    # The progress of a tool does not end a message that is being written meanwhile.
    tool_update(work, update)


def _plan(work: Work, update: Json) -> None:
    work.plan(Plan(entries=_entries(update)))


def _plan_update(work: Work, update: Json) -> None:
    """A plan with a name, as entries, as Markdown or as a file (ACP, unstable)."""
    plan = obj(update.get("plan"))
    match plan.get("type"):
        case "items":
            entries = _entries(plan)
        case "markdown":
            entries = [PlanEntry(text=text(plan.get("content")) or text(plan.get("markdown")))]
        case _:
            entries = [PlanEntry(text=text(plan.get("uri")) or text(plan.get("path")))]
    _show_plan(work, f"{PLAN}:{text(plan.get('planId'))}", entries)


def _plan_removed(work: Work, update: Json) -> None:
    work.complete(f"{PLAN}:{text(update.get('planId'))}")


def _entries(value: Json) -> list[PlanEntry]:
    priorities = ("high", "medium", "low")
    return [
        PlanEntry.model_validate(
            {
                "text": text(one.get("content")),
                "status": ENTRY_STATUS.get(text(one.get("status")), ItemStatus.PENDING),
                "priority": one["priority"] if one.get("priority") in priorities else None,
            }
        )
        for one in objs(value.get("entries"))
    ]


def _show_plan(work: Work, key: str, entries: list[PlanEntry]) -> None:
    plan = Plan(entries=entries)
    if work.find(key) is None:
        work.start(key, plan)
    else:
        work.update(key, plan)


# The state of the session.


def _commands(work: Work, update: Json) -> None:
    history_is_over(work)
    commands = tuple(
        SlashCommand(
            name=text(one.get("name")),
            description=text(one.get("description")),
            hint=maybe_text(obj(one.get("input")).get("hint")),
        )
        for one in objs(update.get("availableCommands"))
        if one.get("name")
    )
    if commands != work.memory.commands:
        work.remember(commands=commands)
        if work.memory.opened:
            work.events.append(e.CommandsChanged(commands=list(commands)))


def _mode(work: Work, update: Json) -> None:
    mode = maybe_text(update.get("currentModeId"))
    if mode:
        settings.apply(work, replace(work.memory.settings, mode=mode))


def _options(work: Work, update: Json) -> None:
    settings.apply(work, settings.read_settings(work.memory.settings, update))


def _info(work: Work, update: Json) -> None:
    title = maybe_text(update.get("title"))
    if not title or work.memory.history is not None:
        return
    # Many agents name a session by the first words they hear, which may be instructions of ours.
    if work.memory.prefaced.startswith(title.rstrip(" .…")):
        title = ""
    title = heading(title) or work.memory.asked
    if title:
        work.events.append(e.TitleChanged(title=title))


UPDATES: Mapping[str, Callable[[Work, Json], None]] = {
    "available_commands_update": _commands,
    "config_option_update": _options,
    "current_mode_update": _mode,
    "plan": _plan,
    "plan_removed": _plan_removed,
    "plan_update": _plan_update,
    "session_info_update": _info,
    "tool_call": _tool_call,
    "tool_call_update": _tool_call_update,
    "usage_update": usage_update,
    "user_message_chunk": _user_chunk,
}
