"""Which changes of the protocol break older clients or the log, and which do not."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.protocol.samples import document
from tools.generate.compatibility import breaks

Json = dict[str, Any]
Change = Callable[[Json], object]


def fields(schema: Json, name: str) -> Json:
    """The members of a type."""
    return schema["$defs"][name]["properties"]


def drop(schema: Json, name: str, field: str) -> None:
    """Take a member away."""
    del fields(schema, name)[field]
    required = schema["$defs"][name].get("required", [])
    if field in required:
        required.remove(field)


def need(schema: Json, name: str, *names: str) -> None:
    """Make members required, new ones as texts."""
    for field in names:
        fields(schema, name).setdefault(field, {"type": "string"})
        schema["$defs"][name].setdefault("required", []).append(field)


BREAKS: dict[str, tuple[Change, str]] = {
    "a method is removed": (
        lambda s: s["x-methods"].pop("athena/agent/get"),
        "athena/agent/get is gone",
    ),
    "a notification is removed": (
        lambda s: s["x-notifications"].pop("athena/event/delta"),
        "athena/event/delta is gone",
    ),
    "a kind of event is removed": (
        lambda s: s["x-events"].pop("agentRenamed"),
        "event agentRenamed is gone, but logs have it",
    ),
    "a parameter is removed": (
        lambda s: drop(s, "ReadLogs", "bytes"),
        "athena/agent/logs.bytes is gone",
    ),
    "a parameter becomes required": (
        lambda s: need(s, "ListRequests", "agent"),
        "athena/request/list.agent must now be given",
    ),
    "a parameter is added and required": (
        lambda s: need(s, "RenameAgent", "why"),
        "athena/agent/rename.why must now be given",
    ),
    "a parameter's type changes": (
        lambda s: fields(s, "RenameAgent").update(name={"type": "integer"}),
        "athena/agent/rename.name takes no string any more",
    ),
    "a parameter may not be null any more": (
        lambda s: fields(s, "ListRequests").update(agent={"type": "string"}),
        "athena/request/list.agent takes no null any more",
    ),
    "a bound gets narrower": (
        lambda s: fields(s, "ReadLogs")["bytes"].update(maximum=10),
        "athena/agent/logs.bytes has a narrower maximum",
    ),
    "a word is not taken any more": (
        lambda s: s["$defs"]["Scope"]["enum"].remove("turn"),
        "athena/changeset/get.scope takes no turn any more",
    ),
    "a text becomes a choice": (
        lambda s: fields(s, "MoveAgent").update(harness={"type": "string", "enum": ["claude"]}),
        "athena/agent/move.harness takes no other words any more",
    ),
    "a kind of content is not taken any more": (
        lambda s: s["$defs"]["ContentBlock"]["oneOf"].pop(),
        "athena/agent/prompt.content[] knows no resource any more",
    ),
    "a member of a result is removed": (
        lambda s: drop(s, "AgentView", "title"),
        "athena/agent/list result.agents[].title is gone",
    ),
    "a member of a result may be absent": (
        lambda s: s["$defs"]["SystemInfo"]["required"].remove("version"),
        "athena/system/info result.version may now be absent",
    ),
    "a member of a result has another type": (
        lambda s: fields(s, "Cost").update(amount={"type": "string"}),
        "athena/agent/get result.cost.amount may now be string",
    ),
    "a choice in a result becomes any text": (
        lambda s: fields(s, "RunEnded").update(reason={"type": "string"}),
        "event runEnded.reason may now be any text",
    ),
    "a map's values have another type": (
        lambda s: fields(s, "Metrics").update(
            cache={"type": "object", "additionalProperties": {"type": "string"}}
        ),
        "athena/system/metrics result.cache{} may now be string",
    ),
    "old events lack a new member": (
        lambda s: need(s, "AgentRenamed", "by"),
        "event agentRenamed.by is in all new events and in no old one",
    ),
    "a type of item is removed, but logs have it": (
        lambda s: s["$defs"]["Item"]["oneOf"].pop(),
        "event itemStarted.item knows no unrecognized any more",
    ),
}

HARMLESS: dict[str, Change] = {
    "nothing": lambda s: None,
    "a new method": lambda s: s["x-methods"].update(
        {"athena/agent/clone": s["x-methods"]["athena/agent/get"]}
    ),
    "a new kind of event": lambda s: s["x-events"].update(
        moonLanded={"version": 1, "data": {"$ref": "#/$defs/AgentRenamed"}}
    ),
    "a new parameter that need not be given": lambda s: fields(s, "RenameAgent").update(
        why={"type": ["string", "null"]}
    ),
    "a parameter that need not be given any more": (
        lambda s: s["$defs"]["SetModel"]["required"].remove("model")
    ),
    "a parameter that takes more": lambda s: fields(s, "SetModel").update(
        model={"type": ["string", "integer"]}
    ),
    "a wider bound": lambda s: fields(s, "ReadLogs")["bytes"].update(maximum=10**9),
    "a new member of a result": lambda s: need(s, "SystemInfo", "host"),
    "a new word in a result": lambda s: s["$defs"]["CostSource"]["enum"].append("guessed"),
    "a new type of item": lambda s: s["$defs"]["Item"]["oneOf"].append(
        {"type": "object", "properties": {"type": {"const": "dance"}}}
    ),
    "a new shape of an event in a new version": lambda s: (
        need(s, "AgentRenamed", "by"),
        s["x-events"]["agentRenamed"].update(version=2),
    ),
    "another name for a type": lambda s: (
        s["$defs"].update(Info=s["$defs"]["SystemInfo"]),
        s["x-methods"]["athena/system/info"].update(result={"$ref": "#/$defs/Info"}),
    ),
}


def changed(change: Change) -> Json:
    """The schema after a change."""
    schema = copy.deepcopy(document())
    change(schema)
    return schema


@pytest.mark.parametrize(("change", "words"), BREAKS.values(), ids=BREAKS)
def test_a_break_is_told(change: Change, words: str) -> None:
    assert words in breaks(document(), changed(change))


@pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS)
def test_what_is_no_break_is_passed(change: Change) -> None:
    assert breaks(document(), changed(change)) == []


def test_a_new_version_of_the_protocol_may_break() -> None:
    newer = changed(lambda s: (s["x-methods"].clear(), s.update({"x-protocol": 99})))
    assert breaks(document(), newer) == []
