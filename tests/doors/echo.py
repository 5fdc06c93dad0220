"""A small real core: methods that answer, wait, fail, and send notifications."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from athena.border import Connection, StartupError
from athena.protocol.errors import AthenaError, ErrorCode


class EchoCore:
    """`athena.border.Core`. What it is to do wrong comes in the environment of its daemon."""

    def __init__(self, state: Path, say: Callable[[str], None]) -> None:
        self._state = state
        self._say = say
        self._connections: list[Connection] = []
        self._busy = 0
        self._starting = False
        self._methods = {
            f"athena/test/{name[1:]}": getattr(self, name)
            for name in dir(self)
            if name.startswith("_") and hasattr(getattr(self, name), "is_method")
        }
        # Real methods too, for the commands that call them.
        for name in ("athena/agent/prompt", "athena/agent/list"):
            self._methods[name] = self._methods["athena/test/echo"]

    async def start(self) -> None:
        match os.environ.get("ECHO_START"):
            case "fault":
                raise RuntimeError("the core is broken")
            case "refuse":
                raise StartupError("The database is damaged. Run `athena db verify`.")
            case "slow":
                self._say("Upgrading the database …")
                self._starting = True
                try:
                    await asyncio.sleep(2.5)
                finally:
                    self._starting = False
            case "crash":
                os.abort()
            case _:
                pass

    async def stop(self) -> None:
        assert not self._starting, "the start goes on"
        (self._state / "stopped").touch()

    def idle_seconds(self) -> float:
        return 0

    def busy(self) -> bool:
        return self._busy > 0 or (self._state / "busy").exists()

    def methods(self) -> Iterable[str]:
        return self._methods

    def connected(self, connection: Connection) -> None:
        self._connections.append(connection)

    async def disconnected(self, connection: Connection) -> None:
        self._connections.remove(connection)

    async def dispatch(self, connection: Connection, method: str, params: object) -> object:
        if method not in self._methods:
            raise AthenaError(ErrorCode.METHOD_NOT_FOUND, "the door must not ask for this")
        if params is not None and not isinstance(params, dict):
            raise AthenaError(ErrorCode.INVALID_PARAMS, "By name, please.", field="")
        return await self._methods[method](connection, params or {})


def method(function: Any) -> Any:
    function.is_method = True
    return function


class Methods(EchoCore):
    @method
    async def _echo(self, connection: Connection, params: dict[str, Any]) -> object:
        return params

    @method
    async def _who(self, connection: Connection, params: dict[str, Any]) -> object:
        return {
            "id": connection.id,
            "mode": connection.mode,
            "client": connection.client.name,
            "version": connection.client.version,
            "cwd": connection.cwd,
            "marker": connection.environ.get("MARKER"),
            "umask": connection.umask,
            "options": dict(connection.options),
            "pid": os.getpid(),
            "connections": len(self._connections),
        }

    @method
    async def _need(self, connection: Connection, params: dict[str, Any]) -> object:
        if not isinstance(params.get("number"), int):
            raise AthenaError(
                ErrorCode.INVALID_PARAMS, "number: must be a whole number", field="number"
            )
        return params["number"]

    @method
    async def _wait(self, connection: Connection, params: dict[str, Any]) -> object:
        """Wait until the file `until` exists (for ever without), `steps` of 10 ms at most."""
        until, steps = params.get("until"), params.get("steps", 100_000)
        self._busy += 1
        try:
            for _ in range(steps):
                if until and (self._state / until).exists():
                    return "there"
                await asyncio.sleep(0.01)
            return "waited"
        finally:
            self._busy -= 1

    @method
    async def _fail(self, connection: Connection, params: dict[str, Any]) -> object:
        match params.get("how"):
            case "conflict":
                raise AthenaError(ErrorCode.CONFLICT, "Somebody was first.", version=7)
            case "cancel":
                raise asyncio.CancelledError
            case _:
                raise KeyError("hidden")

    @method
    async def _answer(self, connection: Connection, params: dict[str, Any]) -> object:
        """Answer with `what`, or `size` letters; when the file `until` exists, if one is named."""
        if "until" in params:
            await self._wait(connection, params)
        match params.get("what"):
            case "object":
                return object()
            case "nan":
                return float("nan")
            case "deep":
                deep: list[Any] = []
                for _ in range(100_000):
                    deep = [deep]
                return deep
            case "surrogate":
                return "\ud800"
            case _:
                return "x" * int(params.get("size", 0))

    @method
    async def _notify(self, connection: Connection, params: dict[str, Any]) -> object:
        """Send `count` notifications of `size` bytes; how many were taken."""
        taken = 0
        for number in range(params["count"]):
            told = {"number": number, "text": "x" * params.get("size", 10)}
            droppable = params.get("droppable", False)
            taken += await connection.notify("athena/test/news", told, droppable=droppable)
        return {"taken": taken}

    @method
    async def _broadcast(self, connection: Connection, params: dict[str, Any]) -> object:
        for each in self._connections:
            await each.notify("athena/test/news", params, droppable=False)
        return len(self._connections)


def compose(state: Path, say: Callable[[str], None]) -> Methods:
    return Methods(state, say)
