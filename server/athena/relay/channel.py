"""An open conversation with the daemon: connected, greeted, welcomed."""

from __future__ import annotations

import contextlib
import os
import time

from athena import __version__
from athena.relay import hello as wire
from athena.relay import paths, spawn
from athena.relay.failure import EXIT_NO_START, EXIT_VERSION, NotRunning, RelayError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping, Sequence

START_SECONDS = 60.0
"""How long a start may take in all, if the daemon does not say why it takes longer."""
ANSWER_SECONDS = 20.0
"""How long the daemon may be silent after a hello."""
TRIES = 3
"""How often a daemon may end between our connecting and its answer."""
CHUNK = 1 << 18


class Channel:
    """A welcomed connection. `early` holds bytes that came together with the welcome."""

    def __init__(self, sock: socket.socket, welcome: dict[str, object], early: bytes) -> None:
        self.sock = sock
        self.welcome = welcome
        self.early = early


def say_on_stderr(words: str) -> None:
    """Tell the person, or the log of the editor, that started us."""
    with contextlib.suppress(OSError):
        os.write(2, f"athena: {words}\n".encode(errors="replace"))


def open_channel(
    state: str,
    hello: Mapping[str, object],
    *,
    start: bool = True,
    command: Sequence[str] | None = None,
    say: Callable[[str], None] = say_on_stderr,
    answer_seconds: float = ANSWER_SECONDS,
) -> Channel:
    """Connect to the daemon of `state`, starting it if needed and wanted, and be welcomed.

    `say` is told about slow progress; the daemon may be silent for `answer_seconds` at a time.
    Raises `RelayError`, `NotRunning` among them.
    """
    deadline = time.monotonic() + START_SECONDS
    line = wire.encode(hello)
    for _ in range(TRIES):
        if start:
            sock = spawn.connect_or_start(state, command or spawn.daemon_command(), deadline)
        elif (found := spawn.connect(state)) is not None:
            sock = found
        else:
            raise NotRunning(state)
        sock.settimeout(answer_seconds)
        welcomed = _greet(sock, line, state, say)
        if welcomed is not None:
            return welcomed
        # It was just ending: to make room for this version, or stopped by somebody.
        sock.close()
        time.sleep(spawn.POLL_SECONDS)
    words = f"The Athena daemon ends again and again before it answers. {_log(state)}"
    raise RelayError(EXIT_NO_START, words)


def greeting(
    mode: str, argv: Sequence[str] = (), client: Mapping[str, str] | None = None
) -> dict[str, object]:
    """The hello of this process and this version."""
    return wire.hello(mode, __version__, argv, client)


def _greet(
    sock: socket.socket, hello: bytes, state: str, say: Callable[[str], None]
) -> Channel | None:
    """The welcomed channel, or None when the daemon ended instead and may be started again."""
    buffered = b""
    try:
        # It may have refused us without reading: its words are still there.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            sock.sendall(hello)
        while True:
            line, newline, rest = buffered.partition(b"\n")
            if newline:
                buffered = rest
                if (answer := _understand(line, say)) is not None:
                    sock.settimeout(None)
                    return Channel(sock, answer, rest) if answer else None
                continue
            chunk = sock.recv(CHUNK)
            if not chunk:
                return None
            buffered += chunk
    except ConnectionResetError:
        return None
    except TimeoutError:
        raise RelayError(
            EXIT_NO_START,
            f"The Athena daemon does not answer. {_log(state)} "
            "`athena daemon restart --force` replaces it; agents go on working.",
        ) from None
    except BaseException:
        sock.close()
        raise


def _understand(line: bytes, say: Callable[[str], None]) -> dict[str, object] | None:
    """The welcome; an empty object for "start me again"; None when it only asks for patience."""
    try:
        answer = wire.decode(line)
    except ValueError:
        answer = {}
    match answer:
        case {"wait": str(words)}:
            say(words)
            return None
        case {"welcome": dict()}:
            welcome = wire.member(answer, "welcome")
            if notice := welcome.get("notice"):
                say(str(notice))
            return welcome
        case {"refusal": {"code": int(code), "message": str(message)}}:
            raise RelayError(code, message)
        case {"restart": {"message": str(message)}}:
            say(message)
            return {}
        case _:
            raise RelayError(
                EXIT_VERSION,
                "The running Athena daemon answers in a way that this version does not know. "
                "`athena daemon restart` replaces it; agents go on working.",
            )


def _log(state: str) -> str:
    return f"Its log is {os.path.join(state, paths.LOG)}."
