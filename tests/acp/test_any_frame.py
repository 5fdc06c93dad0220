"""Whatever an agent says, the driver takes it: it raises nothing and can still be written down."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from athena.harness.acp.calls import NEEDED
from athena.harness.acp.updates import CHUNKS, UPDATES
from tests.acp.talk import Talk

FIELDS = [
    *("sessionId", "sessionUpdate", "update", "content", "messageId", "toolCallId", "title"),
    *("kind", "status", "locations", "rawInput", "rawOutput", "_meta", "path", "line", "type"),
    *("text", "entries", "plan", "planId", "options", "optionId", "toolCall", "mode", "message"),
    *("requestedSchema", "properties", "enum", "oneOf", "items", "url", "command", "args", "env"),
    *("terminalId", "used", "size", "cost", "amount", "availableCommands", "name", "input"),
    *("configOptions", "id", "currentValue", "category", "modes", "models", "currentModeId"),
    *("stopReason", "usage", "quota", "model_usage", "token_count", "inputTokens", "totalTokens"),
    *("terminal_output_delta", "terminal_exit", "terminal_id", "data", "exit_code", "outcome"),
    *("protocolVersion", "agentCapabilities", "sessionCapabilities", "mcpCapabilities", "code"),
]
WORDS = [
    *("S", "text", "diff", "terminal", "content", "image", "form", "items", "completed", "failed"),
    *("edit", "execute", "allow_once", "select", "array", "boolean", "promptRequired", "end_turn"),
    *UPDATES,
    *CHUNKS,
]
METHODS = ["session/update", "session/request_permission", "elicitation/create", *NEEDED]

leaves = st.none() | st.booleans() | st.integers() | st.floats(-9, 9) | st.text(max_size=5)
values = st.recursive(
    leaves | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=5)
    ),
    max_leaves=20,
)
ids = st.integers(0, 6) | st.text(max_size=2) | st.none() | st.lists(st.integers(), max_size=1)
objects = st.dictionaries(st.sampled_from(FIELDS), values, max_size=6)
updates = st.builds(
    lambda kind, fields: {
        "method": "session/update",
        "params": {"sessionId": "S", "update": {**fields, "sessionUpdate": kind}},
    },
    st.sampled_from([*UPDATES, *CHUNKS]),
    objects,
)
requests = st.builds(
    lambda name, method, params: {"id": name, "method": method, "params": params},
    ids,
    st.sampled_from(METHODS),
    objects,
)
answers = st.builds(
    lambda name, key, body: {"id": name, key: body},
    ids,
    st.sampled_from(["result", "error"]),
    values,
)


@settings(max_examples=300)
@given(st.lists(updates | requests | answers | values, max_size=6), st.booleans())
def test_any_conversation(messages: list[Any], prompted: bool) -> None:
    talk = Talk().opened()
    if prompted:
        talk.prompted()
    for message in messages:
        talk.hears(raw=json.dumps(message).encode())
    talk.ends()
    assert talk.memory.ledger.turn_id is None
    assert talk.memory.ledger.open_items == {}
    assert talk.memory.ledger.requests == {}


@settings(max_examples=200)
@given(st.lists(answers | values, max_size=4))
def test_any_beginning(messages: list[Any]) -> None:
    talk = Talk(model="m", mode="x", resume="S7")
    for message in messages:
        talk.hears(raw=json.dumps(message).encode())


@settings(max_examples=200)
@given(st.binary(max_size=40), st.integers(0, 10**9))
def test_any_bytes(frame: bytes, length: int) -> None:
    talk = Talk().opened().prompted()
    talk.hears(raw=frame)
    talk.cut(frame, length)
