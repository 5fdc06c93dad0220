"""Copying bytes both ways between two file descriptors and the daemon's socket."""

from __future__ import annotations

import _thread
import os
import socket

from athena.relay import hello
from athena.relay.channel import CHUNK, Channel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def copy(channel: Channel, stdin: int, stdout: int) -> Mapping[str, object] | None:
    """Copy until the daemon closes; return its goodbye, or None when it had no time for one.

    When `stdin` ends, only that half is closed: what the daemon still has to say is waited for.
    Raises `BrokenPipeError` when nobody reads `stdout` any more. Two threads, because either
    direction may be stuck while the other one is what would free it.
    """
    _thread.start_new_thread(_send_all, (channel.sock, stdin))
    chunk = channel.early or _receive(channel.sock)
    while chunk:
        body, bye, tail = chunk.partition(hello.GOODBYE)
        _write_all(stdout, body)
        if bye:
            return _read_goodbye(channel.sock, tail)
        chunk = _receive(channel.sock)
    return None


def _send_all(sock: socket.socket, stdin: int) -> None:
    try:
        while chunk := os.read(stdin, CHUNK):
            sock.sendall(chunk)
        sock.shutdown(socket.SHUT_WR)
    except OSError:
        # The daemon is gone, which the other direction notices and reports; or our own stdin
        # cannot be read, which is its end.
        pass


def _receive(sock: socket.socket) -> bytes:
    try:
        return sock.recv(CHUNK)
    except ConnectionResetError:
        return b""


def _read_goodbye(sock: socket.socket, tail: bytes) -> Mapping[str, object] | None:
    while chunk := _receive(sock):
        tail += chunk
    try:
        return hello.decode(tail)
    except ValueError:
        return None


def _write_all(stdout: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(stdout, view) :]
