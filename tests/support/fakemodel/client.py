"""Starts the server as a process of its own and steers it."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

from tests.support.fakemodel.record import Request
from tests.support.fakemodel.script import Script, to_json

CHECKOUT = Path(__file__).resolve().parents[3]
STOP_SECONDS = 10
HTTP_SECONDS = 10

# A proxy of the machine must never see the loopback requests of a test.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class FakeModel:
    """A running fake model. Use as a context manager, or call `stop`.

    The calls block for well under a millisecond, so they are fit for asynchronous tests too:
    `await until(lambda: model.waiting("g1"))`.
    """

    def __init__(self, dump: Path | None = None, port: int = 0) -> None:
        """Start the server; `dump` is an existing folder that gets every request body."""
        command = [sys.executable, "-m", "tests.support.fakemodel", "--port", str(port)]
        if dump is not None:
            command += ["--dump", str(dump)]
        self._dump = dump
        self._process = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        ready = self._process.stdout.readline()
        if not ready:
            raise RuntimeError("the fake model did not start; its reason is on stderr")
        self.port: int = json.loads(ready)["port"]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def put_script(self, name: str, script: Script) -> None:
        """Add a script, or replace one; `[[fake:NAME]]` in a prompt then plays it."""
        self._call("PUT", f"scripts/{quote(name)}", to_json(script))

    def open_gate(self, name: str) -> None:
        self._call("PUT", f"gates/{quote(name)}")

    def close_gate(self, name: str) -> None:
        self._call("DELETE", f"gates/{quote(name)}")

    def waiting(self, gate: str) -> int:
        """How many streams are held at the gate."""
        state: Mapping[str, Any] = self._call("GET", "state")
        return int(state["waiting"].get(gate, 0))

    def requests(self, tag: str | None = None) -> list[Request]:
        """The requests so far, oldest first; with `tag`, those whose marker says `tag=TAG`."""
        query = f"?tag={quote(tag)}" if tag is not None else ""
        return [Request.from_json(item) for item in self._call("GET", f"requests{query}")]

    def body(self, request: Request) -> str:
        """The body of a request; the server must have been started with `dump`."""
        if self._dump is None:
            raise ValueError("this fake model keeps no bodies")
        return (self._dump / f"{request.number:04d}.json").read_text()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(STOP_SECONDS)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_fake/{path}", data, method=method)
        with _direct.open(request, timeout=HTTP_SECONDS) as response:
            raw = response.read()
        return json.loads(raw) if raw else None

    def __enter__(self) -> FakeModel:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
