"""Running one program to its end: output as it comes, a time limit, and the whole group ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CHUNK = 1 << 20
GRACE_SECONDS = 2.0
# A program may end while a child of it (a daemon it started) still holds the pipes open.
DRAIN_SECONDS = 0.5

OnOutput = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended; `code` is negative for a signal, as in `subprocess`.

    `output` is both streams together, in the order in which they came.
    """

    code: int
    stdout: bytes
    stderr: bytes
    output: bytes
    timed_out: bool


async def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdin: bytes | None = None,
    seconds: float | None = None,
    on_output: OnOutput | None = None,
    end_group: bool = False,
) -> Ended:
    """Run `argv` in a process group of its own.

    `on_output` gets stdout and stderr chunks as they come, as well as the result. After that many
    `seconds`, or when the caller is cancelled, the group gets SIGTERM (git then removes its lock
    files) and after two seconds SIGKILL. With `end_group`, what the program left running in its
    group ends with it. Raises `FileNotFoundError` and other `OSError`s of starting it.
    """
    process = await asyncio.create_subprocess_exec(
        *argv,
        cwd=cwd,
        env=dict(env),
        stdin=asyncio.subprocess.DEVNULL if stdin is None else PIPE,
        stdout=PIPE,
        stderr=PIPE,
        start_new_session=True,
        limit=CHUNK,
    )
    out, err, both = bytearray(), bytearray(), bytearray()

    def came(chunk: bytes) -> None:
        both.extend(chunk)
        if on_output is not None:
            on_output(chunk)

    pumps: list[asyncio.Future[None]] = [
        asyncio.ensure_future(_pump(process.stdout, out, came)),
        asyncio.ensure_future(_pump(process.stderr, err, came)),
    ]
    if stdin is not None:
        pumps.append(asyncio.ensure_future(_feed(process, stdin)))
    timed_out = False
    try:
        async with asyncio.timeout(seconds):
            await _finish(process, pumps)
    except TimeoutError:
        timed_out = True
        await end(process)
        await _finish(process, pumps)
    finally:
        if process.returncode is None:
            await asyncio.shield(end(process))
        elif end_group:
            signal_group(process.pid, signal.SIGKILL)
        for pump in pumps:
            pump.cancel()
        # Pipes that a grandchild holds are closed here; asyncio has no public way to say so.
        process._transport.close()  # pyright: ignore
    code = process.returncode
    return Ended(
        -signal.SIGKILL if code is None else code, bytes(out), bytes(err), bytes(both), timed_out
    )


@contextlib.asynccontextmanager
async def together() -> AsyncGenerator[asyncio.TaskGroup]:
    """A task group that raises the first failure itself, not a group that holds it."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None


async def end(process: Process) -> None:
    """End the group of `process`: SIGTERM, and SIGKILL for what is left after two seconds."""
    signal_group(process.pid, signal.SIGTERM)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(GRACE_SECONDS):
            await reaped(process)
    signal_group(process.pid, signal.SIGKILL)
    await reaped(process)


def signal_group(pid: int, number: signal.Signals) -> None:
    """Signal the process group led by `pid`, if there still is one."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


async def _finish(process: Process, pumps: Iterable[asyncio.Future[None]]) -> None:
    pending: set[asyncio.Future[None]] = set(pumps)
    while pending:
        _, pending = await asyncio.wait(pending, timeout=DRAIN_SECONDS)
        if pending and process.returncode is not None:
            _, pending = await asyncio.wait(pending, timeout=DRAIN_SECONDS)
            break
    await reaped(process)


async def reaped(process: Process) -> None:
    """Wait until `process` has ended; its pipes may still be open in children of it."""
    # Not `process.wait()`: some versions of asyncio resolve it only once the pipes are closed.
    if process.returncode is not None:
        return
    waiter = asyncio.ensure_future(process.wait())
    try:
        while process.returncode is None:
            await asyncio.wait({waiter}, timeout=0.05)
    finally:
        waiter.cancel()


async def _pump(stream: asyncio.StreamReader | None, into: bytearray, came: OnOutput) -> None:
    assert stream is not None
    while chunk := await stream.read(CHUNK):
        into += chunk
        came(chunk)


async def _feed(process: Process, data: bytes) -> None:
    assert process.stdin is not None
    # A program that ends without reading all of its input is judged by its exit code.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(data)
        await process.stdin.drain()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.close()
        await process.stdin.wait_closed()
