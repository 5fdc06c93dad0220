"""Sessions of the plain command lines: found, and read as events."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from athena.harness.outside import bookmark, claude, codex
from athena.harness.outside.files import SessionFile, Wanted, find_sessions, read_lines
from athena.harness.outside.reading import Dated, milliseconds
from athena.protocol import events as e
from athena.protocol.items import Unrecognized
from tests.support.event_text import event_line, event_lines
from tests.support.golden import assert_golden

HERE = Path(__file__).parent
READERS: dict[str, ModuleType] = {"claude": claude, "codex": codex}
LINES = {name: (HERE / "outside" / f"{name}.jsonl").read_bytes().splitlines() for name in READERS}

OLD_CODEX = [
    {"type": "session_meta", "payload": {"id": "s", "cwd": "/repo"}},
    {"type": "event_msg", "payload": {"type": "user_message", "message": "change it"}},
    {"type": "event_msg", "payload": {"type": "agent_reasoning", "text": "I read."}},
    {
        "type": "event_msg",
        "payload": {
            "type": "exec_command_end",
            "call_id": "c1",
            "command": ["bash", "-lc", "cat a.py"],
            "cwd": "/repo",
            "parsed_cmd": [{"type": "read", "cmd": "cat a.py", "path": "/repo/a.py"}],
            "stdout": "x = 1\n",
            "stderr": "",
            "exit_code": 0,
        },
    },
    {
        "type": "event_msg",
        "payload": {
            "type": "patch_apply_end",
            "call_id": "c2",
            "success": True,
            "changes": {
                "/repo/a.py": {"type": "update", "unified_diff": "@@ -1 +1 @@\n-x = 1\n+x = 2\n"}
            },
        },
    },
    {
        "type": "event_msg",
        "payload": {
            "type": "mcp_tool_call_end",
            "call_id": "c3",
            "invocation": {"server": "t", "tool": "ping", "arguments": {}},
            "result": {"Err": "no answer"},
        },
    },
    {"type": "event_msg", "payload": {"type": "agent_message", "message": "Changed."}},
    {
        "type": "event_msg",
        "payload": {
            "type": "token_count",
            "info": {
                "total_token_usage": {"input_tokens": 10, "output_tokens": 2, "total_tokens": 12},
                "last_token_usage": {"input_tokens": 10, "output_tokens": 2, "total_tokens": 12},
            },
        },
    },
    {"type": "event_msg", "payload": {"type": "turn_aborted", "reason": "interrupted"}},
]


def read_all(name: str, lines: list[bytes]) -> list[Dated]:
    reader = READERS[name]
    memory = reader.begin("import1", "s", "/repo")
    found: list[Dated] = []
    for line in lines:
        memory, dated = reader.read(memory, line)
        found += dated
    return found


@pytest.mark.parametrize("name", READERS)
def test_events(name: str) -> None:
    events = [one.event for one in read_all(name, LINES[name])]
    assert_golden(HERE / "golden" / "outside" / f"{name}.txt", event_lines(events))


def test_an_older_file_of_codex() -> None:
    lines = [json.dumps(line).encode() for line in OLD_CODEX]
    events = [one.event for one in read_all("codex", lines)]
    assert_golden(HERE / "golden" / "outside" / "codex-old.txt", event_lines(events))


@pytest.mark.parametrize("name", READERS)
def test_times_go_forward(name: str) -> None:
    times = [one.at for one in read_all(name, LINES[name])]
    assert times == sorted(times)
    assert times[0] > 1_600_000_000_000


@pytest.mark.parametrize("name", READERS)
def test_the_usage_of_a_turn_is_that_of_its_responses(name: str) -> None:
    events = [one.event for one in read_all(name, LINES[name])]
    for ended in [one for one in events if isinstance(one, e.TurnEnded)]:
        parts = [
            one.usage.output_tokens
            for one in events
            if isinstance(one, e.UsageReported) and one.turn_id == ended.turn_id
        ]
        assert ended.usage is not None
        assert ended.usage.output_tokens == sum(parts) > 0


@pytest.mark.parametrize("name", READERS)
def test_reading_goes_on_where_it_stopped(name: str) -> None:
    """Whenever the reader stops and its memory is written down, nothing is lost or doubled."""
    reader, lines = READERS[name], LINES[name]
    memory = reader.begin("import1", "s", "/repo")
    found: list[Dated] = []
    for line in lines:
        memory, dated = reader.read(reader.load(reader.dump(memory)), line)
        found += dated
    assert found == read_all(name, lines)


@pytest.mark.parametrize("name", READERS)
def test_lines_that_make_no_sense(name: str) -> None:
    lines = [b"\xff\x00", b"[]", b"", b'{"type": 7}', b'{"type": "user", "message": 3}']
    items = [one.event for one in read_all(name, lines)]
    assert [event_line(one) for one in items if isinstance(one, e.ItemCompleted)] == [
        event_line(one)
        for one in items
        if isinstance(one, e.ItemCompleted) and isinstance(one.item, Unrecognized)
    ]
    assert len(items) == 2


@settings(max_examples=50)
@given(cuts=st.lists(st.integers(0, 20_000), max_size=6))
def test_a_growing_file_is_read_once(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int]
) -> None:
    whole = b"".join(line + b"\n" for line in LINES["claude"])
    path = tmp_path_factory.mktemp("growing") / "s.jsonl"
    position, seen = 0, []
    for end in [*sorted(cuts), len(whole)]:
        path.write_bytes(whole[:end])
        lines, position = read_lines(path, position)
        seen += lines
    assert seen == LINES["claude"]


@pytest.mark.parametrize("name", READERS)
def test_a_bookmark_goes_on(tmp_path: Path, name: str) -> None:
    """In portions of any size, written down in between, the file says what it says at once."""
    path = tmp_path / "s.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in LINES[name]) + b'{"torn')
    mark, found, portions = bookmark.begin(session(name, path), "import1"), [], 0
    while True:
        portion = bookmark.read_on(path, bookmark.load(bookmark.dump(mark)), most=900)
        mark, portions = portion.bookmark, portions + 1
        found += portion.events
        if portion.at_end:
            break
    assert found == read_all(name, LINES[name])
    assert portions > 3
    assert mark.position == path.stat().st_size - len(b'{"torn')
    again = bookmark.read_on(path, mark)
    assert (again.bookmark, again.events) == (mark, ())


@pytest.mark.parametrize("after", [b"one\n", b"", b"one\nTWO\n", b"new\nfile\nlonger\n"])
def test_a_file_that_does_not_go_on_is_noticed(tmp_path: Path, after: bytes) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(b"one\ntwo\n")
    mark = bookmark.read_on(path, bookmark.begin(session("claude", path), "import1")).bookmark
    path.write_bytes(after)
    with pytest.raises(bookmark.Replaced):
        bookmark.read_on(path, mark)
    path.write_bytes(b"one\ntwo\nthree\n")
    assert bookmark.read_on(path, mark).bookmark.position == 14


def test_a_response_that_ends_the_file_ends_its_turn(tmp_path: Path) -> None:
    """Older versions write nothing after the last response."""
    path = tmp_path / "s.jsonl"
    last = max(n for n, line in enumerate(LINES["claude"]) if b'"end_turn"' in line)
    path.write_bytes(b"".join(line + b"\n" for line in LINES["claude"][: last + 1]))
    portion = bookmark.read_on(path, bookmark.begin(session("claude", path), "import1"))
    assert isinstance(portion.events[-1].event, e.TurnEnded)
    assert bookmark.close(portion.bookmark) == ()


@pytest.mark.parametrize("name", READERS)
def test_what_was_broken_off_is_closed(tmp_path: Path, name: str) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in LINES[name][:8]))
    portion = bookmark.read_on(path, bookmark.begin(session(name, path), "import1"))
    assert not any(isinstance(one.event, e.TurnEnded) for one in portion.events)
    ended = bookmark.close(portion.bookmark)[-1].event
    assert isinstance(ended, e.TurnEnded)
    assert ended.stop_reason == "cancelled"


def session(name: str, path: Path) -> SessionFile:
    kind = "claude" if name == "claude" else "codex"
    return SessionFile(kind, "s", path, "/repo", "", 1, path.stat().st_size)


def test_sessions_are_found(tmp_path: Path) -> None:
    projects = tmp_path / ".claude" / "projects" / "-repo"
    rollouts = tmp_path / ".codex" / "sessions" / "2026" / "11" / "22"
    projects.mkdir(parents=True)
    rollouts.mkdir(parents=True)
    (projects / "c1.jsonl").write_bytes(b"\n".join(LINES["claude"]))
    (projects / "agent-x.jsonl").write_bytes(b"\n".join(LINES["claude"]))
    (projects / "torn.jsonl").write_bytes(b'{"type": "us')
    rollout = rollouts / "rollout-2026-11-22T21-01-23-x.jsonl"
    rollout.write_bytes(b"\n".join(LINES["codex"]))
    os.utime(rollout, (1, 1))
    found = find_sessions({"HOME": str(tmp_path)})
    assert [(one.harness, one.cwd, one.title) for one in found] == [
        ("claude", "/repo", "[[fake:tour cwd=/repo]]"),
        ("codex", "/repo", "[[fake:tour cwd=/repo]]"),
    ]
    assert found[0].session_id == "c1"
    assert found[1].modified_at == 1000
    home = {"HOME": str(tmp_path)}
    later = find_sessions(home, Wanted(since=2000))
    assert [one.session_id for one in later] == ["c1"]
    assert find_sessions(home, Wanted(harness="codex")) == [found[1]]
    assert find_sessions(home, Wanted(session_id="c")) == [found[0]]
    assert find_sessions(home, Wanted(session_id="*")) == []
    elsewhere = {"HOME": "/nowhere", "CODEX_HOME": str(tmp_path / ".codex")}
    assert [one.harness for one in find_sessions(elsewhere)] == ["codex"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-11-22T21:01:23.901Z", 1795381283901),
        ("2026-11-22T21:01:23+00:00", 1795381283000),
        ("2026-11-22T21:01:23", None),
        ("yesterday", None),
    ],
)
def test_times(written: str, expected: int | None) -> None:
    assert milliseconds(written) == expected
