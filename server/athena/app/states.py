"""The cache of agents' states: folded from events, kept as snapshots, warm after a restart."""

from __future__ import annotations

import json

from pydantic_core import PydanticSerializationError

from athena.core.evolve import evolve
from athena.core.state import STATE_SCHEMA, AgentState
from athena.log import EventLog, StateCache, StoredEvent
from athena.log.cache import Fold
from athena.protocol.events import parse_event

States = StateCache[AgentState | None]
"""The state is null for an agent without events, which is one that is just being made."""


def step(state: AgentState | None, event: StoredEvent) -> AgentState:
    """The state after a stored event."""
    data = parse_event(event.kind, event.data)
    return evolve(state, event.stream, event.version, event.at, data)


def encode(state: AgentState | None) -> bytes:
    """A state for a snapshot."""
    if state is None:
        return b""
    try:
        return state.model_dump_json(by_alias=True, exclude_none=True).encode()
    except PydanticSerializationError:
        # Half a surrogate pair is in the log, from before they were mended where they come in.
        data = state.model_dump(mode="json", by_alias=True, exclude_none=True)
        return json.dumps(data, ensure_ascii=False).encode(errors="replace")


def decode(data: bytes) -> AgentState | None:
    """A state from a snapshot."""
    return AgentState.model_validate_json(data) if data else None


def open_cache(log: EventLog, max_bytes: int) -> States:
    """The cache over a log, limited to `max_bytes` of states."""
    fold: Fold[AgentState | None] = Fold(
        name="agent",
        initial=lambda agent_id: None,
        evolve=step,
        encode=encode,
        decode=decode,
        schema=STATE_SCHEMA,
        blobs=True,
    )
    return StateCache(log, fold, max_bytes=max_bytes)
