"""Scripts of a worktree: output as it comes, a time limit, nothing left running; and ports."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import pytest

from athena.worktree.errors import NoPorts, ScriptFailed
from athena.worktree.ports import COUNT, HIGHEST, LOWEST, PortRange, allocate, is_free
from athena.worktree.scripts import cursor_scripts, environment, run_script
from tests.support.wait import until
from tests.worktree.test_git import alive

ENV = {"PATH": os.environ["PATH"]}


async def test_output_comes_as_it_is_printed(tmp_path: Path) -> None:
    said: list[str] = []
    line = "echo first; while [ ! -e go ]; do sleep 0.01; done; echo second >&2; exit 3"
    task = asyncio.create_task(run_script(line, cwd=tmp_path, env=ENV, on_text=said.append))
    await until(lambda: "".join(said) == "first\n")
    (tmp_path / "go").touch()
    ran = await task
    assert "".join(said) == "first\nsecond\n"
    assert (ran.code, ran.ok, ran.output) == (3, False, "first\nsecond\n")


async def test_a_time_limit(tmp_path: Path) -> None:
    line = "sleep 1000 & echo $! > child; trap '' TERM; echo $$ > pid; echo hangs; sleep 1000; sleep 1000"
    ran = await run_script(line, cwd=tmp_path, env=ENV, seconds=0.3)
    assert ran.timed_out and not ran.ok and ran.output == "hangs\n"
    for name in ("pid", "child"):
        await until(lambda name=name: not alive(int((tmp_path / name).read_text())))


async def test_what_a_script_leaves_running_ends_with_it(tmp_path: Path) -> None:
    ran = await run_script("sleep 1000 & echo $! > child; echo ok", cwd=tmp_path, env=ENV)
    assert ran.ok and ran.output == "ok\n"
    await until(lambda: not alive(int((tmp_path / "child").read_text())))


async def test_a_serving_script_ends_when_cancelled(tmp_path: Path) -> None:
    line = "echo $$ > pid.new; mv pid.new pid; exec sleep 1000"
    task = asyncio.create_task(run_script(line, cwd=tmp_path, env=ENV, seconds=None))
    await until((tmp_path / "pid").exists)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not alive(int((tmp_path / "pid").read_text()))


def test_what_scripts_are_told(tmp_path: Path) -> None:
    told = environment(
        {"HOME": "/h"},
        worktree=tmp_path / "w",
        repository=tmp_path,
        branch="b",
        agent="ada",
        ports=PortRange(20010, 10),
    )
    assert told == {
        "HOME": "/h",
        "ATHENA_WORKTREE": str(tmp_path / "w"),
        "ATHENA_REPOSITORY": str(tmp_path),
        "ROOT_WORKTREE_PATH": str(tmp_path),
        "ATHENA_AGENT": "ada",
        "ATHENA_BRANCH": "b",
        "ATHENA_PORT": "20010",
        "ATHENA_PORT_COUNT": "10",
        "ATHENA_PORT_LAST": "20019",
    }


@pytest.mark.parametrize(
    ("text", "setup"),
    [
        (
            '{"setup-worktree": ["npm ci", "cp $ROOT_WORKTREE_PATH/.env ."]}',
            ("npm ci", "cp $ROOT_WORKTREE_PATH/.env ."),
        ),
        ('{"setup-worktree": ["x"], "setup-worktree-unix": ["y"]}', ("y",)),
        ('{"setup-worktree-windows": ["x"]}', ()),
        ("{}", ()),
    ],
)
def test_cursor(tmp_path: Path, text: str, setup: tuple[str, ...]) -> None:
    (tmp_path / ".cursor").mkdir()
    (tmp_path / ".cursor" / "worktrees.json").write_text(text)
    assert cursor_scripts(tmp_path).setup == setup


async def test_cursor_with_a_script(tmp_path: Path) -> None:
    folder = tmp_path / "with space" / ".cursor"
    folder.mkdir(parents=True)
    (folder / "worktrees.json").write_text('{"setup-worktree": "set up.sh"}')
    (folder / "set up.sh").write_text("echo ready")
    (command,) = cursor_scripts(folder.parent).setup
    assert (await run_script(command, cwd=tmp_path, env=ENV)).output == "ready\n"


@pytest.mark.parametrize("text", ["{", "[]", '{"setup-worktree": [1]}', '{"setup-worktree": {}}'])
def test_cursor_that_cannot_be_used(tmp_path: Path, text: str) -> None:
    (tmp_path / ".cursor").mkdir()
    (tmp_path / ".cursor" / "worktrees.json").write_text(text)
    with pytest.raises(ScriptFailed, match="cannot be used"):
        cursor_scripts(tmp_path)


def test_no_cursor_file(tmp_path: Path) -> None:
    assert cursor_scripts(tmp_path).setup == ()


def test_ports_are_the_same_for_a_worktree_and_shared_by_none() -> None:
    taken: list[PortRange] = []
    for number in range(200):
        taken.append(allocate(f"/w/{number}", taken))
    ports = [port for ports in taken for port in ports.ports]
    assert len(set(ports)) == len(ports) == 200 * COUNT
    assert all(LOWEST <= port < HIGHEST for port in ports)
    assert allocate("/w/0") == taken[0]


def test_a_port_that_is_listened_on_is_not_given() -> None:
    first = allocate("/some/worktree")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", first.first + 3))
        listener.listen()
        assert not is_free(first.first + 3)
        other = allocate("/some/worktree")
        assert other != first and first.first + 3 not in other.ports


def test_no_ports_are_left() -> None:
    with pytest.raises(NoPorts, match="Remove worktrees"):
        allocate("x", [PortRange(LOWEST, HIGHEST - LOWEST)])
