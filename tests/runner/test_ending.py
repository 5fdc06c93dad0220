"""Ending processes: all of a run's, and no others."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from athena.runner import layout, sweep, system
from athena.runs import How, LaunchFailed, Run, RunState, StillRunning, launch, reap, scan
from tests.runner.rig import (
    PYTHON,
    Rig,
    alive,
    document,
    first,
    kill_runner,
    lines,
    runner_pid,
)
from tests.support.child import child
from tests.support.wait import until

STUBBORN = "trap '' TERM HUP INT; echo $$; while :; do sleep 0.05; done"


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process that is none of ours."""
    with child(["sleep", "600"], env={}, start_new_session=True) as process:
        yield process
        assert process.poll() is None, "a process that is none of ours was ended"


async def test_a_kill_asks_first(rig: Rig) -> None:
    run = await rig.sh("trap 'echo bye; exit 7' TERM; echo hi; while :; do sleep 0.05; done")
    await first(run)
    run.kill(10)
    record = await run.ended()
    assert (record.how, record.by, record.code, record.signal) == (How.KILLED, "client", 7, None)
    assert await lines(run) == [b"hi", b"bye"]


async def test_a_harness_that_ignores_term_is_killed_after_the_grace(rig: Rig) -> None:
    run = await rig.sh(STUBBORN)
    await first(run)
    begun = asyncio.get_running_loop().time()
    run.kill(0.3)
    await until(lambda: run.state == "ending")
    record = await run.ended()
    assert 0.3 <= asyncio.get_running_loop().time() - begun < 20
    assert (record.how, record.signal) == (How.KILLED, "SIGKILL")
    assert "ended by SIGKILL; the client had asked for it" in record.message


async def test_a_shorter_grace_overrides_a_longer_one(rig: Rig) -> None:
    run = await rig.sh(STUBBORN)
    await first(run)
    run.kill(60)
    await until(lambda: run.state == "ending")
    run.kill(60)
    run.kill(0)
    assert (await run.ended()).signal == "SIGKILL"


async def test_a_signal_goes_to_the_whole_group(rig: Rig) -> None:
    run = await rig.sh(
        "trap 'echo parent' INT; sh -c 'trap \"echo child; exit\" INT; echo up; "
        "while :; do sleep 0.05; done'; echo end"
    )
    await first(run)
    run.signal("SIGINT")
    assert sorted(await lines(run)) == [b"child", b"end", b"parent", b"up"]
    assert (await run.ended()).how is How.EXITED
    with pytest.raises(KeyError):
        run.signal("SIGNONSENSE")


FAMILY = """
import os, signal, subprocess, sys
sh = "trap '' TERM HUP; echo $$ {0}; while :; do sleep 0.05; done"
def child(name, **more):
    subprocess.Popen(["/bin/sh", "-c", sh.format(name)], **more)
child("plain")
child("own-session", start_new_session=True)
child("own-group", process_group=0)
child("no-environment", env={"PATH": os.environ["PATH"]})
subprocess.run(["/bin/sh", "-c", f"setsid sh -c \\"{sh.format('orphan').replace('$', chr(92) + '$')}\\" &"])
signal.pause() if sys.argv[1] == "stay" else None
"""


async def family(rig: Rig, how: str) -> tuple[Run, dict[str, int]]:
    """A harness with five stubborn descendants, each away in its own manner, and their pids."""
    run = await rig.start(*PYTHON, FAMILY, how, grace_ms=200)
    members = {}
    for line in await first(run, 5):
        pid, name = line.decode().split()
        members[name] = int(pid)
    assert len(members) == 5
    return run, members


@pytest.mark.parametrize("how", ["leave", "stay"])
async def test_what_a_harness_leaves_behind_is_ended(
    rig: Rig, how: str, bystander: subprocess.Popen[bytes]
) -> None:
    run, members = await family(rig, how)
    if how == "stay":
        assert all(alive(pid) for pid in members.values())
        run.kill(0.2)
    record = await run.ended()
    assert record.how is (How.KILLED if how == "stay" else How.EXITED)
    assert how == "stay" or record.strays >= 5
    assert {name: alive(pid) for name, pid in members.items()} == dict.fromkeys(members, False)


async def test_an_unknown_holder_of_stdout_does_not_keep_the_run_open(rig: Rig) -> None:
    # It has no mark, no parent and another session: the one kind that cannot be found.
    script = "env -i setsid /bin/sh -c 'echo $$; exec sleep 600' & sleep 0.3"
    run = await rig.sh(script)
    (pid,) = await first(run)
    record = await run.ended()
    assert record.how is How.EXITED
    os.kill(int(pid), signal.SIGKILL)


async def test_a_killed_runner_is_noticed_and_all_of_it_is_ended(
    rig: Rig, bystander: subprocess.Popen[bytes]
) -> None:
    run, members = await family(rig, "stay")
    harness = document(run.run_dir / "run.json")["harness"]
    kill_runner(run.run_dir)
    record = await run.ended()
    assert (record.how, record.code, record.usage) == (How.LOST, None, None)
    assert record.strays >= 6
    words = f"the runner died, and {record.strays} processes of the run were ended"
    assert record.message == words
    assert not alive(harness["pid"], harness["start"])
    assert not any(alive(pid) for pid in members.values())
    assert record.out == (run.run_dir / "out.spool").stat().st_size > 0
    with pytest.raises(Exception, match="the runner died"):
        await run.send(1, b"hello?")


async def test_a_new_daemon_finds_and_reaps_what_a_dead_runner_left(rig: Rig) -> None:
    live, orphan, ended = [await rig.sh("echo $$; read line; exit 3") for _ in range(3)]
    await orphan.send(1, b"half of the story")
    for run in (live, orphan):
        await run.detach()
    await ended.send(1, b"")
    await ended.ended()
    (rig.runs / "stray-file").write_text("")
    second = await rig.sh("echo one; sleep 600")
    await first(second)
    await second.detach()
    kill_runner(second.run_dir)

    states = {found.run_dir: found.state for found in scan(rig.runs)}
    assert states[live.run_dir] is RunState.LIVE
    assert states[ended.run_dir] is RunState.ENDED
    assert states[second.run_dir] is RunState.ORPHANED
    found = rig.found(second)
    assert found.record and found.record.harness and alive(found.record.harness.pid)
    record = reap(second.run_dir)
    assert record.how is How.LOST
    assert not alive(found.record.harness.pid)
    assert rig.found(second).state is RunState.ENDED
    assert reap(second.run_dir) == record
    assert reap(ended.run_dir).how is How.EXITED
    with pytest.raises(StillRunning):
        reap(live.run_dir)
    assert alive(runner_pid(live))


async def test_frames_that_a_dead_runner_had_are_counted(rig: Rig) -> None:
    run = await rig.sh("sleep 600")
    await run.send(1, b"one")
    await run.send(2, b"two")
    await run.detach()
    kill_runner(run.run_dir)
    with open(run.run_dir / "in.spool", "ab") as spool:
        spool.write(layout.input_header(3, 100) + b"torn")
    assert reap(run.run_dir).last_in == 2


async def test_a_process_that_only_has_the_same_number_is_left_alone(
    rig: Rig, bystander: subprocess.Popen[bytes]
) -> None:
    run = await rig.start("sleep", "600")
    await run.detach()
    kill_runner(run.run_dir)
    told = document(run.run_dir / "run.json")
    told["harness"] = {"pid": bystander.pid, "start": "12345"}
    layout.replace(str(run.run_dir / "run.json"), told)
    assert reap(run.run_dir).strays == 1  # the real harness, found by its mark
    start = system.start_time(bystander.pid)
    assert start
    assert not system.send_signal(bystander.pid, "12345", signal.SIGKILL)
    assert system.send_signal(bystander.pid, start, signal.SIGCONT)
    assert not system.send_signal(2**22 + 1, start, signal.SIGKILL)


async def test_nothing_is_killed_after_a_reboot(
    rig: Rig, bystander: subprocess.Popen[bytes]
) -> None:
    run = await rig.sh("echo said before; sleep 600")
    await first(run)
    await run.detach()
    kill_runner(run.run_dir)
    told = document(run.run_dir / "run.json")
    harness = told["harness"]
    told["bootId"] = "another boot"
    layout.replace(str(run.run_dir / "run.json"), told)
    assert rig.found(run).state is RunState.REBOOTED
    again = await rig.again(run, 2)
    assert again.exit
    assert (again.exit.how, again.exit.message) == (How.LOST, "the machine was restarted")
    assert await lines(again) == [b"said before"]
    assert alive(harness["pid"], harness["start"])
    assert system.send_signal(harness["pid"], harness["start"], signal.SIGKILL)


async def test_a_runner_that_never_got_to_start_is_kept_from_it(rig: Rig) -> None:
    spec = rig.spec("sh", "-c", "echo started; sleep 600")
    run_dir = rig.runs / spec.run_id
    run_dir.mkdir(mode=0o700)
    (found,) = scan(rig.runs)
    assert (found.state, found.record, found.run_id) == (RunState.ORPHANED, None, spec.run_id)
    assert reap(run_dir).message == "the runner never got to start"
    late = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", str(Path(layout.__file__).with_name("__main__.py"))),
        str(run_dir),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    _, complaint = await late.communicate(spec.to_json())
    assert (late.returncode, complaint) == (1, b"this run directory has been used already\n")
    assert not (run_dir / "out.spool").exists()


async def test_half_a_spec_starts_nothing(rig: Rig) -> None:
    run_dir = rig.runs / "half"
    run_dir.mkdir(mode=0o700)
    runner = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", str(Path(layout.__file__).with_name("__main__.py"))),
        str(run_dir),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    _, complaint = await runner.communicate(rig.spec("sh", "-c", "echo").to_json()[:-20])
    assert runner.returncode == 1
    assert b"not JSON" in complaint
    assert not (run_dir / "run.json").exists()


async def test_where_runs_cannot_be_is_said(rig: Rig) -> None:
    with pytest.raises(LaunchFailed, match="No such file or directory"):
        await launch(rig.runs / "no" / "such" / "folder", rig.spec("true"), 1)
    assert scan(rig.runs / "nowhere") == []


def test_who_belongs_to_a_run_is_a_pure_question() -> None:
    def process(pid: int, parent: int, group: int, session: int, marked: bool) -> system.Process:
        return system.Process(pid, parent, group, session, "0", marked)

    processes = [
        process(1, 0, 1, 1, False),
        process(10, 1, 10, 10, False),  # the leader
        process(11, 10, 11, 10, False),  # its session
        process(12, 1, 10, 10, False),  # its group
        process(13, 11, 13, 13, False),  # a grandchild in another session
        process(14, 13, 14, 14, False),  # and its child
        process(15, 1, 15, 10, False),  # an orphan that is still in its session
        process(20, 1, 20, 20, True),  # marked
        process(21, 20, 21, 21, False),  # child of a marked one
        process(30, 1, 30, 30, False),  # a stranger
    ]
    led = sweep.belonging(processes, 10)
    assert {process.pid for process in led} == {10, 11, 12, 13, 14, 15, 20, 21}
    marked = sweep.belonging(processes, None)
    assert {process.pid for process in marked} == {20, 21}


def test_ps_tells_the_same_as_proc() -> None:
    """macOS knows processes by `ps` alone; here both can be asked."""
    with child(["sleep", "600"], start_new_session=True) as sleeper:
        (told,) = system.ask_ps(["-p", str(sleeper.pid)], "")
        read = next(p for p in system.snapshot("NO=MARK") if p.pid == sleeper.pid)
        assert (told.pid, told.parent, told.group) == (read.pid, read.parent, read.group)
        assert len(told.start.split()) == 5
        sleeper.kill()
        until_zombie = os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
        assert until_zombie is not None
        assert system.ask_ps(["-p", str(sleeper.pid)], "") == []
        assert system.start_time(sleeper.pid) is None
