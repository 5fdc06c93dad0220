"""Whatever a harness says, a driver neither raises nor loses it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from athena.harness import recording
from athena.harness.driver import Driver, Interrupt, Launch, Prompt
from athena.harness.registry import driver_for
from athena.harness.rows import BY_NAME
from athena.protocol import events as e
from athena.protocol.content import TextContent
from athena.protocol.items import Unrecognized
from athena.protocol.spec import AgentSpec

STREAMS = Path(__file__).parent / "streams"
NAMES = ("claude", "codex", "pi")
FRAMES = {
    name: [
        json.loads(entry.value)
        for path in sorted((STREAMS / name).glob("*.ndjson"))
        for entry in recording.read(path).entries
        if entry.kind == "out" and isinstance(entry.value, bytes)
    ]
    for name in NAMES
}
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=True),
    st.text(max_size=5),
    st.just([]),
    st.just({}),
    st.just([None, 1, "x", {}]),
)


def begun(name: str) -> tuple[Driver[Any], Any]:
    """A driver in the middle of a turn."""
    kept = recording.read(STREAMS / name / "killed.ndjson")
    driver = driver_for(BY_NAME[name])
    memory = recording.replay(recording.Recording(kept.launch, kept.entries[:-1]), driver).memory
    return driver, memory


@st.composite
def damaged(draw: st.DrawFn, name: str) -> bytes:
    """A real frame in which one value, anywhere, is another."""
    frame = json.loads(json.dumps(draw(st.sampled_from(FRAMES[name]))))
    place: Any = frame
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = draw(st.sampled_from(keys)) if keys else None
        if key is None:
            break
        inner = place[key]
        if isinstance(inner, dict | list) and inner and draw(st.booleans()):
            place = inner
            continue
        if draw(st.booleans()) and isinstance(place, dict):
            del place[key]
        else:
            place[key] = draw(ODD)
        break
    return json.dumps(frame).encode()


@pytest.mark.parametrize("name", NAMES)
def test_damaged_frames(name: str) -> None:
    driver, start = begun(name)

    @settings(max_examples=150, suppress_health_check=list(HealthCheck))
    @given(st.lists(damaged(name), min_size=1, max_size=4))
    def check(frames: list[bytes]) -> None:
        memory = start
        for frame in frames:
            memory = driver.receive(memory, frame).memory
            assert driver.load(driver.dump(memory)) == memory
        memory = driver.intend(memory, Interrupt()).memory
        driver.ended(memory, "over")

    check()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "frame", [b"garbage", b"[1]", b'"x"', b"\xff\xfe{", b"{" * 5000, b'{"type": "new-thing"}']
)
def test_garbage_is_kept_and_shown(name: str, frame: bytes) -> None:
    driver, memory = begun(name)
    step = driver.receive(memory, frame)
    if name == "codex" and frame.startswith(b'{"type"'):
        frame = b'{"method": "new/thing", "params": {}}'
        step = driver.receive(memory, frame)
    [event] = step.events
    assert isinstance(event, e.ItemCompleted)
    assert isinstance(event.item, Unrecognized)
    assert event.item.raw[:5] == frame.decode("utf-8", "replace")[:5]


@pytest.mark.parametrize("name", NAMES)
def test_empty_lines_say_nothing(name: str) -> None:
    driver, memory = begun(name)
    assert driver.receive(memory, b"  ").events == ()


@pytest.mark.parametrize("name", NAMES)
def test_a_line_that_was_cut(name: str) -> None:
    driver, memory = begun(name)
    [event] = driver.receive(memory, b'{"type": "as', oversize=100_000_000).events
    assert isinstance(event, e.ItemCompleted)
    assert isinstance(event.item, Unrecognized)
    assert "100000000" in event.item.reason


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_request_is_refused(name: str) -> None:
    """A harness that asks what nobody can answer must not wait forever."""
    driver, memory = begun(name)
    frame = {
        "claude": b'{"type": "control_request", "request_id": "7", "request": {"subtype": "odd"}}',
        "codex": b'{"method": "odd/thing", "id": 7, "params": {}}',
        "pi": b'{"type": "extension_ui_request", "id": "7", "method": "odd"}',
    }[name]
    refusal = b"cancelled" if name == "pi" else b"rror"
    step = driver.receive(memory, frame)
    [sent] = step.sends
    assert b"7" in sent and refusal in sent
    assert len(step.events) == 1


@pytest.mark.parametrize("name", NAMES)
def test_lone_surrogates_in_a_prompt(name: str) -> None:
    driver = driver_for(BY_NAME[name])
    spec = AgentSpec(name="t", harness=name, project="/p")
    memory = driver.begin(Launch("r", spec, "/p")).memory
    step = driver.intend(memory, Prompt("t1", "p1", [TextContent(text="a\ud800b")]))
    assert json.loads(step.sends[0].decode())
