"""Asks a harness what it is and what it can do: its version, its help, and a real handshake.

Nothing is said to a model: a session is opened and closed again.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from athena.harness.capabilities import Detected
from athena.harness.claude.help import Help, known_from, read_help
from athena.harness.direct import DirectSession, Refused
from athena.harness.driver import Launch
from athena.harness.identity import Program
from athena.harness.registry import driver_for
from athena.harness.rows import Harness
from athena.protocol import events as e
from athena.protocol.capability import Capabilities
from athena.protocol.items import Notice
from athena.protocol.spec import AgentSpec

VERSION = re.compile(r"\d+\.\d+(?:[.+-]\w+)*")
HANDSHAKE_SECONDS = 60.0
COMMAND_SECONDS = 30.0
CLOSE_SECONDS = 5.0
SETTLE_SECONDS = 0.5
"""After the handshake a harness may still say that it is not logged in, or that a part failed."""

QUIET_OPTIONS: Mapping[str, Mapping[str, object]] = {"codex": {"ephemeral": True}}
"""Options under which a protocol's handshake leaves no session behind."""


@dataclass(frozen=True, slots=True)
class Inspected:
    """What came out. `failure` says in words why there was no handshake."""

    detected: Detected
    failure: str | None = None
    stderr: str = ""


async def inspect(
    harness: Harness, program: Program, environment: Mapping[str, str], now: int
) -> Inspected:
    """Ask the program; `now` in milliseconds since 1970 UTC."""
    environment = {**environment, **harness.env}
    printed = ""
    if harness.version_argv:
        printed = await output([program.path, *harness.version_argv[1:]], environment)
    found = VERSION.search(printed)
    help_ = await _help(harness, program, environment)
    detected = Detected(
        harness=harness.name,
        path=program.path,
        key=program.key,
        at=now,
        version=found[0] if found else None,
        options=help_.options if help_ is not None else None,
        capabilities=known_from(help_) if help_ is not None else Capabilities(),
    )
    here = replace(harness, argv=(program.path, *harness.argv[1:]))
    with tempfile.TemporaryDirectory(prefix="athena-") as folder:
        return await _handshake(here, detected, environment, Path(folder))


async def _help(harness: Harness, program: Program, environment: Mapping[str, str]) -> Help | None:
    if harness.protocol != "claude":
        return None
    help_ = read_help(await output([program.path, "--help"], environment))
    return help_ if help_.options else None


async def _handshake(
    harness: Harness, detected: Detected, environment: Mapping[str, str], folder: Path
) -> Inspected:
    cwd = folder / "project"
    cwd.mkdir()
    options = dict(QUIET_OPTIONS.get(harness.protocol, {}))
    spec = AgentSpec(name="inspection", harness=harness.name, project=str(cwd), options=options)
    driver = driver_for(harness, detected)
    launch = Launch("inspection", spec, str(cwd))
    session = DirectSession(driver, launch, environment, folder / "stderr")
    failure: str | None = None
    try:
        await session.start()
        await session.until_opened(HANDSHAKE_SECONDS)
        await asyncio.sleep(SETTLE_SECONDS)
        await session.close(CLOSE_SECONDS)
    except TimeoutError:
        if not _opened(session):
            failure = f"It did not open a session within {HANDSHAKE_SECONDS:g} s."
    except Refused as error:
        failure = str(error)
    except EOFError:
        failure = "It ended before a session was open."
    except OSError as error:
        failure = f"It could not be started: {error.strerror or error}."
    finally:
        await session.kill()
    stderr = session.stderr() if session.stderr_path.exists() else ""
    return Inspected(_with_session(detected, session), failure, stderr.strip())


def _opened(session: DirectSession) -> e.SessionOpened | None:
    return next((one for one in session.events if isinstance(one, e.SessionOpened)), None)


def _with_session(detected: Detected, session: DirectSession) -> Detected:
    items = [one.item for one in session.events if isinstance(one, e.ItemCompleted)]
    said = tuple(item.text for item in items if isinstance(item, Notice) and item.level != "info")
    opened = _opened(session)
    if opened is None:
        return detected.model_copy(update={"said": said})
    version = detected.version or opened.capabilities.version
    capabilities = opened.capabilities.model_copy(update={"version": version})
    update = {"said": said, "version": version, "capabilities": capabilities}
    return detected.model_copy(update=update)


async def output(argv: list[str], environment: Mapping[str, str]) -> str:
    """What a short command prints on either output; empty where it cannot be run."""
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            env=dict(environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError:
        return ""
    try:
        printed, _ = await asyncio.wait_for(process.communicate(), COMMAND_SECONDS)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        return ""
    return printed.decode("utf-8", "replace")
