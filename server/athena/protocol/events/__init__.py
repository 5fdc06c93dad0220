"""The events: facts in the log, in the past tense.

An event's `kind` names its payload class. A kind that this version does not know is carried as
`UnknownEvent` and survives a round trip. A changed shape gets a higher `VERSION` and an upcaster
(`athena.log.upcast`).
"""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter, ValidationError

from athena.protocol.events.base import (
    EventData,
    UnknownEvent,
)
from athena.protocol.events.envelope import (
    Delta,
    Event,
)
from athena.protocol.events.item import (
    ItemCompleted,
    ItemStarted,
    ItemUpdated,
    RequestClosed,
    RequestOpened,
    RequestReminded,
    RuleRemembered,
)
from athena.protocol.events.life import (
    AgentArchived,
    AgentMoved,
    AgentRecovered,
    AgentRenamed,
    AgentRestored,
    AgentResumed,
    AgentSpawned,
    AgentStalled,
    AgentStopped,
    CheckpointFailed,
    CheckpointTaken,
    ScriptEnded,
    ScriptStarted,
    WorkspaceFailed,
    WorkspaceReady,
    WorkspaceRemoved,
)
from athena.protocol.events.review import (
    ChangesApplied,
    CollisionsChanged,
    CommentAdded,
    CommentResolved,
    CommentsSent,
    VerdictGiven,
)
from athena.protocol.events.run import (
    CommandsChanged,
    ModeChanged,
    ModelChanged,
    OptionsChanged,
    RunEnded,
    RunGivenUp,
    RunStarted,
    SessionAdopted,
    SessionImported,
    SessionLost,
    SessionOpened,
    TitleChanged,
)
from athena.protocol.events.turn import (
    ContextMeasured,
    PromptQueued,
    PromptSteered,
    PromptWithdrawn,
    TurnEnded,
    TurnError,
    TurnInterrupted,
    TurnStarted,
    UsageReported,
)

__all__ = [
    "EVENTS",
    "AgentArchived",
    "AgentMoved",
    "AgentRecovered",
    "AgentRenamed",
    "AgentRestored",
    "AgentResumed",
    "AgentSpawned",
    "AgentStalled",
    "AgentStopped",
    "ChangesApplied",
    "CheckpointFailed",
    "CheckpointTaken",
    "CollisionsChanged",
    "CommandsChanged",
    "CommentAdded",
    "CommentResolved",
    "CommentsSent",
    "ContextMeasured",
    "Delta",
    "Event",
    "EventData",
    "ItemCompleted",
    "ItemStarted",
    "ItemUpdated",
    "ModeChanged",
    "ModelChanged",
    "OptionsChanged",
    "PromptQueued",
    "PromptSteered",
    "PromptWithdrawn",
    "RequestClosed",
    "RequestOpened",
    "RequestReminded",
    "RuleRemembered",
    "RunEnded",
    "RunGivenUp",
    "RunStarted",
    "ScriptEnded",
    "ScriptStarted",
    "SessionAdopted",
    "SessionImported",
    "SessionLost",
    "SessionOpened",
    "TitleChanged",
    "TurnEnded",
    "TurnError",
    "TurnInterrupted",
    "TurnStarted",
    "UnknownEvent",
    "UsageReported",
    "VerdictGiven",
    "WorkspaceFailed",
    "WorkspaceReady",
    "WorkspaceRemoved",
    "parse_event",
]

EVENTS: tuple[type[EventData], ...] = (
    AgentSpawned,
    AgentRenamed,
    AgentArchived,
    AgentRestored,
    AgentMoved,
    AgentStalled,
    AgentRecovered,
    AgentStopped,
    AgentResumed,
    WorkspaceReady,
    WorkspaceFailed,
    ScriptStarted,
    ScriptEnded,
    CheckpointTaken,
    CheckpointFailed,
    WorkspaceRemoved,
    VerdictGiven,
    CommentAdded,
    CommentsSent,
    CommentResolved,
    ChangesApplied,
    CollisionsChanged,
    SessionImported,
    SessionAdopted,
    RunStarted,
    SessionOpened,
    SessionLost,
    RunGivenUp,
    RunEnded,
    PromptQueued,
    PromptWithdrawn,
    PromptSteered,
    TurnStarted,
    TurnInterrupted,
    TurnEnded,
    UsageReported,
    ContextMeasured,
    ItemStarted,
    ItemUpdated,
    ItemCompleted,
    RequestOpened,
    RequestClosed,
    RequestReminded,
    RuleRemembered,
    ModeChanged,
    ModelChanged,
    OptionsChanged,
    CommandsChanged,
    TitleChanged,
)

_ADAPTERS: dict[str, TypeAdapter[EventData]] = {c.KIND: TypeAdapter(c) for c in EVENTS}
_UNKNOWN = TypeAdapter(UnknownEvent)


def parse_event(kind: str, data: dict[str, Any]) -> EventData:
    """The payload of an event from its JSON form.

    `UnknownEvent` for a kind not known here, and for one that a newer writer says with values that
    are not: it is kept and shown as it is, and changes nothing.
    """
    adapter = _ADAPTERS.get(kind, _UNKNOWN)
    try:
        return adapter.validate_python(data)
    except ValidationError:
        return _UNKNOWN.validate_python(data)
