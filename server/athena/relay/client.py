"""A client of the `headless` door for our own command line and for programs in Python.

    with HeadlessClient() as athena:
        athena.call("athena/event/subscribe", {})
        for method, params in athena.notifications():
            ...

Blocking, safe to use from several threads. In asyncio await the future of a request:
`await asyncio.wrap_future(client.request(…))`.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import threading
from collections import deque
from concurrent.futures import Future
from itertools import count

from athena.relay import paths
from athena.relay.channel import CHUNK, greeting, open_channel, say_on_stderr
from athena.relay.failure import EXIT_LOST, RelayError
from athena.relay.hello import GOODBYE, decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

MOST_UNREAD = 10_000
"""Notifications that wait to be read; with more, the daemon is left waiting instead."""


class CallError(Exception):
    """The daemon answered with an error: `athena.protocol.errors` lists the codes."""

    def __init__(self, code: int, message: str, data: dict[str, object]) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


class ConnectionLost(RelayError):
    """The daemon is gone, with its goodbye or without. What was asked may have been done."""


class HeadlessClient:
    """A connection to the daemon of `state`, which is started if there is none and `start`.

    Raises `RelayError` when there is no way to get one.
    """

    def __init__(
        self,
        state: str | None = None,
        *,
        start: bool = True,
        name: str = "athena-cli",
        version: str | None = None,
        mode: str = "cli",
        command: Sequence[str] | None = None,
        say: Callable[[str], None] = say_on_stderr,
    ) -> None:
        client = {"name": name} if version is None else {"name": name, "version": version}
        hello = greeting(mode, sys.argv, client)
        where = state or paths.state_directory(os.environ)
        channel = open_channel(where, hello, start=start, command=command, say=say)
        self.welcome = channel.welcome
        self._sock = channel.sock
        self._sending = threading.Lock()
        self._changed = threading.Condition()
        self._ids = count(1)
        self._open: dict[int, Future[object]] = {}
        self._unread: deque[tuple[str, object]] = deque()
        self._lost: ConnectionLost | None = None
        self._closed = False
        threading.Thread(
            target=self._read, args=(channel.early,), name="athena-client", daemon=True
        ).start()

    def __enter__(self) -> HeadlessClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, method: str, params: object = None, *, timeout: float | None = None) -> object:
        """The result of one request.

        Raises `CallError` for an error answer, `ConnectionLost`, and `TimeoutError` after `timeout`
        seconds, when the request is cancelled.
        """
        request_id, future = self._send(method, params)
        try:
            return future.result(timeout)
        except TimeoutError:
            self.notify("$/cancelRequest", {"id": request_id})
            raise

    def request(self, method: str, params: object = None) -> Future[object]:
        """Send a request and return its future, which has the errors of `call`."""
        return self._send(method, params)[1]

    def notify(self, method: str, params: object = None) -> None:
        """Send a notification: nobody answers it. A lost connection is noticed elsewhere."""
        with contextlib.suppress(OSError):
            self._send_message({"method": method, "params": params})

    def notifications(self, timeout: float | None = None) -> Iterator[tuple[str, object]]:
        """What the daemon sends by itself, as `(method, params)`, in order.

        Ends when this client is closed, or after `timeout` seconds of silence. Raises
        `ConnectionLost`. One thread at a time.
        """
        while True:
            with self._changed:
                if not self._changed.wait_for(self._has_news, timeout):
                    return
                if not self._unread:
                    if self._lost and not self._closed:
                        raise self._lost
                    return
                news = self._unread.popleft()
                self._changed.notify_all()
            yield news

    def close(self) -> None:
        self._closed = True
        # The reader closes it when it has seen the end: what is closed under it may be another
        # socket by the time it reads.
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._end(ConnectionLost(EXIT_LOST, "The client was closed."))

    def _has_news(self) -> bool:
        return bool(self._unread) or self._lost is not None

    def _send(self, method: str, params: object) -> tuple[int, Future[object]]:
        future: Future[object] = Future()
        future.set_running_or_notify_cancel()
        request_id = next(self._ids)
        with self._changed:
            if self._lost:
                raise self._lost
            self._open[request_id] = future
            # A reader that waits for notifications to be read must go on for our answer.
            self._changed.notify_all()
        # When this fails, the reader has found the end, or will: it fails the future.
        with contextlib.suppress(OSError):
            self._send_message({"id": request_id, "method": method, "params": params})
        return request_id, future

    def _send_message(self, message: Mapping[str, object]) -> None:
        told = {"jsonrpc": "2.0", **{k: v for k, v in message.items() if v is not None}}
        line = json.dumps(told, separators=(",", ":")).encode("ascii") + b"\n"
        with self._sending:
            self._sock.sendall(line)

    def _read(self, early: bytes) -> None:
        lost = ConnectionLost(EXIT_LOST, "The Athena daemon ended unexpectedly; nothing is lost.")
        for line in _lines(self._sock, early):
            if line.startswith(GOODBYE):
                bye = decode(line[1:])
                lost = ConnectionLost(_int(bye.get("code")), str(bye.get("message")))
                break
            self._take(json.loads(line))
        with self._sending:
            self._sock.close()
        self._end(lost)

    def _take(self, message: object) -> None:
        if isinstance(message, dict):
            told: dict[str, object] = message  # pyright: ignore[reportUnknownVariableType]
            if isinstance(method := told.get("method"), str):
                self._queue(method, told.get("params"))
            else:
                self._resolve(told)

    def _queue(self, method: str, params: object) -> None:
        with self._changed:
            self._changed.wait_for(lambda: len(self._unread) < MOST_UNREAD or self._is_awaited())
            self._unread.append((method, params))
            self._changed.notify_all()

    def _is_awaited(self) -> bool:
        return bool(self._open) or self._closed

    def _resolve(self, answer: Mapping[str, object]) -> None:
        request_id = answer.get("id")
        with self._changed:
            future = self._open.pop(request_id, None) if isinstance(request_id, int) else None
        error = answer.get("error")
        if future is None:
            return
        if isinstance(error, dict):
            told: dict[str, object] = error  # pyright: ignore[reportUnknownVariableType]
            data = told.get("data")
            future.set_exception(
                CallError(
                    _int(told.get("code")),
                    str(told.get("message")),
                    data if isinstance(data, dict) else {},  # pyright: ignore[reportUnknownArgumentType]
                )
            )
        else:
            future.set_result(answer.get("result"))

    def _end(self, lost: ConnectionLost) -> None:
        with self._changed:
            self._lost = self._lost or lost
            failed = list(self._open.values())
            self._open.clear()
            self._changed.notify_all()
        for future in failed:
            future.set_exception(self._lost)


def _lines(sock: socket.socket, early: bytes) -> Generator[bytes]:
    """The lines of the stream; a last one without its end is none."""
    buffered = bytearray(early)
    searched = 0
    while True:
        while (end := buffered.find(b"\n", searched)) >= 0:
            yield bytes(buffered[:end])
            del buffered[: end + 1]
            searched = 0
        searched = len(buffered)
        try:
            chunk = sock.recv(CHUNK)
        except OSError:
            chunk = b""
        if not chunk:
            return
        buffered += chunk


def _int(value: object) -> int:
    return value if isinstance(value, int) else EXIT_LOST
