"""The wire: JSON-RPC 2.0, one message a line, over the standard streams."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from typing import Any, cast

POLL_SECONDS = 0.01


class RpcError(Exception):
    """A JSON-RPC error, to answer with or as answered by the client."""

    def __init__(self, code: int, message: str, data: object = None) -> None:
        super().__init__(message)
        self.code = code
        self.data = data


class GivenUp(Exception):
    """An answer is no longer waited for."""


class Peer:
    """Sends messages whole and in order from any thread, and matches answers to requests."""

    def __init__(self, output: int) -> None:
        self._output = output
        self._writing = threading.Lock()
        self._changed = threading.Condition()
        self._answers: dict[int, dict[str, Any] | None] = {}
        self._last_id = 0

    def write(self, data: bytes) -> None:
        """Write raw bytes. A client that is gone ends the process: there is no one to work for."""
        with self._writing:
            view = memoryview(data)
            try:
                while view:
                    view = view[os.write(self._output, view) :]
            except BrokenPipeError:
                os._exit(0)

    def send(self, message: dict[str, Any]) -> None:
        """Write one message."""
        text = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False, separators=(",", ":"))
        # A lone surrogate has no UTF-8 form; escaped as \\udXXX it stays the same JSON string.
        self.write(text.encode("utf-8", "backslashreplace") + b"\n")

    def notify(self, method: str, params: object) -> None:
        """Send a notification."""
        self.send({"method": method, "params": params})

    def respond(self, request_id: object, result: object) -> None:
        """Answer a request."""
        self.send({"id": request_id, "result": result})

    def refuse(self, request_id: object, code: int, message: str, data: object = None) -> None:
        """Answer a request with an error."""
        error: dict[str, object] = {"code": code, "message": message}
        if data is not None:
            error["data"] = data
        self.send({"id": request_id, "error": error})

    def request(self, method: str, params: object, given_up: Callable[[], bool]) -> Any:
        """Ask the client and wait. `RpcError` if it refuses, `GivenUp` once `given_up` says so."""
        with self._changed:
            self._last_id += 1
            request_id = self._last_id
            self._answers[request_id] = None
        self.send({"id": request_id, "method": method, "params": params})
        try:
            self.wait(lambda: self._answers[request_id] is not None, given_up)
            answer = self._answers[request_id] or {}
        finally:
            with self._changed:
                del self._answers[request_id]
        if "error" in answer:
            raise RpcError(**_error_fields(answer["error"]))
        return answer.get("result")

    def answered(self, message: dict[str, Any]) -> None:
        """Take an answer of the client; one that nobody waits for is dropped."""
        request_id = message.get("id")
        with self._changed:
            if isinstance(request_id, int) and request_id in self._answers:
                self._answers[request_id] = message
            self._changed.notify_all()

    def wake(self) -> None:
        """Let all waiters look again."""
        with self._changed:
            self._changed.notify_all()

    def wait(self, done: Callable[[], bool], given_up: Callable[[], bool]) -> None:
        """Wait until `done`, looked at whenever something arrives; `GivenUp` if it is given up."""
        with self._changed:
            self._changed.wait_for(lambda: done() or given_up())
            if not done():
                raise GivenUp

    def poll(self, done: Callable[[], bool], given_up: Callable[[], bool], patience: float) -> bool:
        """Wait for something that nobody announces; false once `patience` seconds are over."""
        deadline = time.monotonic() + patience
        with self._changed:
            while not done():
                if given_up():
                    raise GivenUp
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(min(POLL_SECONDS, left))
        return True


def as_object(value: object) -> dict[str, Any] | None:
    """The value, if it is a JSON object."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _error_fields(error: object) -> dict[str, Any]:
    fields = as_object(error)
    if fields is None:
        return {"code": -32603, "message": str(error)}
    return {
        "code": fields.get("code", -32603),
        "message": str(fields.get("message", "")),
        "data": fields.get("data"),
    }
