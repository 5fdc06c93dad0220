"""From start to exit record: what a harness is given, and how its end is told."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from athena.runner import layout, system
from athena.runs import How, LaunchFailed, RunSpec, RunState, errors_said, launch
from athena.runs.find import settle
from tests.runner.rig import PATH, Rig, alive, document, first, lines, memory_kb, runner_pid
from tests.support.wait import until

AIM_KB = 12 * 1024


LIBC_SIGNALS = 1 << 31 | 1 << 32
"""Signals 32 and 33 are the C library's own: it lets nobody change them (signal(7))."""


async def test_a_run_says_its_lines_and_how_it_ended(rig: Rig) -> None:
    run = await rig.sh("echo one; echo two; echo oops >&2; exit 3")
    assert await lines(run) == [b"one", b"two"]
    record = await run.ended()
    assert (record.how, record.code, record.signal, record.by) == (How.EXITED, 3, None, None)
    assert (record.out, record.err, record.last_in, record.strays) == (8, 5, 0, 0)
    assert record.run_id == run.run_id == run.run_dir.name
    assert record.started_at <= record.at
    assert record.usage and record.usage.max_rss_bytes > 1_000_000
    assert errors_said(run.run_dir, 100).data == b"oops\n"
    assert rig.found(run).state is RunState.ENDED


async def test_the_record_tells_processor_time(rig: Rig) -> None:
    run = await rig.python("import time\nwhile time.process_time() < 0.3: pass")
    record = await run.ended()
    assert record.usage and 250 <= record.usage.user_ms + record.usage.system_ms < 5000


async def test_a_signal_is_told_by_name(rig: Rig) -> None:
    run = await rig.sh("kill -SEGV $$")
    record = await run.ended()
    assert (record.how, record.code, record.signal) == (How.SIGNALLED, None, "SIGSEGV")


async def test_a_harness_that_exits_at_once_loses_nothing(rig: Rig) -> None:
    run = await rig.sh("echo last words")
    assert await lines(run) == [b"last words"]
    assert (await run.ended()).code == 0


@pytest.mark.parametrize(
    ("program", "code", "words"),
    [
        ("no-such-harness", "ENOENT", f"no-such-harness was not found; PATH is {PATH}"),
        ("./absent", "ENOENT", "./absent does not exist"),
        ("./plain", "EACCES", "./plain is not executable"),
        ("./orphan", "ENOENT", "./orphan names an interpreter that does not exist"),
        ("./garbage", "ENOEXEC", "./garbage is no program for this machine"),
        ("sh\0", "EINVAL", "has a NUL character"),
    ],
)
async def test_why_a_harness_cannot_be_started(
    rig: Rig, program: str, code: str, words: str
) -> None:
    for name, text, mode in [
        ("plain", "#!/bin/sh\n", 0o644),
        ("orphan", "#!/no/such/interpreter\n", 0o755),
        ("garbage", "\1\2\3", 0o755),
    ]:
        path = rig.work / name
        path.write_text(text)
        path.chmod(mode)
    run = await rig.start(program)
    record = await run.ended()
    assert (record.how, record.errno, record.code) == (How.SPAWN_FAILED, code, None)
    assert words in record.message
    assert await lines(run) == []


async def test_a_missing_working_directory_is_named(rig: Rig) -> None:
    run = await rig.start("true", cwd=rig.work / "gone")
    record = await run.ended()
    assert (record.how, record.errno) == (How.SPAWN_FAILED, "ENOENT")
    assert f"cannot work in the directory {rig.work / 'gone'}" in record.message


async def test_the_environment_is_exactly_what_was_said(rig: Rig) -> None:
    run = await rig.sh("env | grep -v -e ^PWD= -e ^_= | sort", env={"SECRET": "s3cr3t"})
    mark = f"ATHENA_RUN={run.run_dir.resolve()}".encode()
    assert await lines(run) == [mark, f"PATH={PATH}".encode(), b"SECRET=s3cr3t"]


async def test_no_secret_reaches_the_disk_or_the_runner(rig: Rig) -> None:
    run = await rig.sh("read line", env={"SECRET": "s3cr3t-word"})
    for path in run.run_dir.iterdir():
        if path.is_file():
            assert b"s3cr3t-word" not in path.read_bytes(), path
    assert b"=" not in Path(f"/proc/{runner_pid(run)}/environ").read_bytes().replace(
        b"LD_LIBRARY_PATH=", b""
    )


async def test_only_the_user_may_look(rig: Rig) -> None:
    run = await rig.sh("read line")
    assert stat.S_IMODE(run.run_dir.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in run.run_dir.iterdir()}
    assert set(modes.values()) == {0o600}, modes
    assert {"sock", "run.json", "epoch", "out.spool", "out.index", "in.spool"} <= set(modes)


async def test_a_harness_has_its_own_session_and_ordinary_signals(rig: Rig) -> None:
    run = await rig.sh("ps -o pid=,pgid=,sid= -p $$; grep -e SigIgn -e SigBlk /proc/self/status")
    ids, *signals = await lines(run)
    assert len(set(ids.split())) == 1
    assert [int(line.split()[1], 16) & ~LIBC_SIGNALS for line in signals] == [0, 0]


async def test_the_mode_mask_is_the_one_that_was_asked_for(rig: Rig) -> None:
    run = await rig.sh("umask", umask=0o027)
    assert await lines(run) == [b"0027"]


async def test_run_json_identifies_both_processes(rig: Rig) -> None:
    run = await rig.sh("read line")
    told = document(run.run_dir / "run.json")
    for key in ("runner", "harness"):
        assert system.start_time(told[key]["pid"]) == told[key]["start"]
    assert told["harness"]["pid"] == run.pid
    assert told["bootId"] == system.boot_id()
    assert told["program"] == "sh"


async def test_a_runner_is_small(rig: Rig) -> None:
    first_run = await rig.sh("echo; cat")  # whoever comes first may have to compile
    await first_run.send(1, b"x" * 1000)
    run = await rig.sh("echo hello; cat")
    await run.send(1, b"x" * 1000)
    await first(run, 2)
    assert memory_kb(runner_pid(run)) <= AIM_KB


async def test_a_runner_loads_nothing_heavy() -> None:
    server = Path(__file__).parents[2] / "server"
    script = (
        f"import sys; sys.path.append({str(server)!r}); import athena.runner.start;"
        "print(*sys.modules, sep='\\n')"
    )
    loaded = set(os.popen(f'{sys.executable} -I -S -c "{script}"').read().split())
    assert "athena.runner.runner" in loaded
    heavy = {"typing", "asyncio", "subprocess", "dataclasses", "pathlib", "ctypes", "threading"}
    heavy |= {"enum", "re", "json", "signal", "socket", "selectors", "collections", "contextlib"}
    assert not loaded & heavy
    ours = {name for name in loaded if name.startswith("athena.")}
    assert all(name.startswith("athena.runner") for name in ours), ours


async def test_a_used_directory_is_refused(rig: Rig) -> None:
    run = await rig.sh("true")
    with pytest.raises(LaunchFailed, match="cannot make the run directory"):
        await launch(run.run_dir, rig.spec("true"), 1)


async def test_an_impossible_spec_is_refused_in_words(rig: Rig) -> None:
    with pytest.raises(LaunchFailed, match="argv must be a list of texts"):
        await rig.start()
    with pytest.raises(LaunchFailed, match="idleMs must be a whole number"):
        await rig.start("true", idle_ms=-1)


async def start_by_hand(rig: Rig, spec: RunSpec, **more: Any) -> tuple[int | None, str]:
    """Exit status and complaint of a runner's first process."""
    first_process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", str(Path(layout.__file__).with_name("__main__.py"))),
        str(rig.runs / spec.run_id),
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        **more,
    )
    _, complaint = await first_process.communicate(spec.to_json())
    return first_process.returncode, complaint.decode()


async def test_a_disk_that_is_full_at_the_start_is_named(rig: Rig) -> None:
    spec = rig.spec("sh", "-c", "sleep 600")
    (rig.runs / spec.run_id).mkdir()
    status, complaint = await start_by_hand(
        rig, spec, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    )
    assert (status, complaint) == (
        1,
        "the run directory cannot be used: [Errno 27] File too large\n",
    )
    # Its complaint is heard a moment before it is gone.
    record = await until(lambda: settle(rig.runs / spec.run_id))
    assert record.strays == 0


async def test_a_harness_that_cannot_be_served_does_not_run(rig: Rig) -> None:
    spec = rig.spec("sleep", "600")
    (rig.runs / spec.run_id / "sock").mkdir(parents=True)
    status, complaint = await start_by_hand(rig, spec)
    assert status == 1
    assert "Address already in use" in complaint
    harness = document(rig.runs / spec.run_id / "run.json")["harness"]
    assert not alive(harness["pid"], harness["start"])


async def test_stdout_and_stderr_of_a_terminal_are_one_stream(rig: Rig) -> None:
    run = await rig.sh("echo a; echo b >&2; echo c", merge_stderr=True)
    assert await lines(run) == [b"a", b"b", b"c"]
    assert (await run.ended()).err == 0


async def test_of_a_long_stderr_the_beginning_and_the_end_are_kept(rig: Rig) -> None:
    most = 256 * 1024
    run = await rig.python(
        "import sys\nfor n in range(100_000): print(f'line {n}', file=sys.stderr)", err_bytes=most
    )
    record = await run.ended()
    assert record.err > 4 * most
    kept = errors_said(run.run_dir, 2 * most).data
    assert len(kept) <= most
    assert kept.startswith(b"line 0\nline 1\n")
    assert kept.endswith(b"line 99998\nline 99999\n")


async def test_an_idle_run_ends_when_nobody_is_attached(rig: Rig) -> None:
    run = await rig.sh("cat; echo closing; exit 0", idle_ms=300)
    await until(lambda: run.state == "running")
    await run.detach()
    ended = run.run_dir / "exit.json"
    await until(ended.exists)
    record = document(ended)
    assert (record["how"], record["code"]) == ("idle", 0)
    assert await lines(await rig.again(run, 2)) == [b"closing"]


async def test_an_idle_harness_that_ignores_everything_is_killed(rig: Rig) -> None:
    run = await rig.sh("trap '' TERM; while :; do sleep 0.05; done", idle_ms=100, grace_ms=200)
    await run.detach()
    await until((run.run_dir / "exit.json").exists)
    record = document(run.run_dir / "exit.json")
    assert (record["how"], record["signal"]) == ("idle", "SIGKILL")


async def test_an_attached_or_talking_run_is_not_idle(rig: Rig) -> None:
    attached = await rig.sh("cat", idle_ms=100)
    talking = await rig.sh("while :; do echo; sleep 0.02; done", idle_ms=800)
    await talking.detach()
    await until(lambda: (talking.run_dir / "out.spool").stat().st_size > 60)
    assert attached.exit is None
    assert not (talking.run_dir / "exit.json").exists()


async def test_a_runner_told_to_end_ends_its_harness_first(rig: Rig) -> None:
    run = await rig.sh("trap 'echo goodbye; exit 0' TERM; echo ready; while :; do sleep 0.05; done")
    await first(run)
    for harmless in (signal.SIGHUP, signal.SIGINT, signal.SIGUSR1):
        os.kill(runner_pid(run), harmless)
    os.kill(runner_pid(run), signal.SIGTERM)
    record = await run.ended()
    assert (record.how, record.by, record.code) == (How.KILLED, "runner", 0)
    assert await lines(run) == [b"ready", b"goodbye"]


async def test_a_runner_is_gone_after_its_run(rig: Rig) -> None:
    run = await rig.sh("read line")
    pid = runner_pid(run)
    run.close_input()
    await run.ended()
    await until(lambda: not alive(pid))
    assert not (run.run_dir / "sock").exists()
    assert (run.run_dir / "runner.log").read_bytes() == b""
