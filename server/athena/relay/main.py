"""`athena lsp`, `athena headless`: connect to the daemon and be a wire."""

from __future__ import annotations

import os

from athena.relay import control, paths, spawn
from athena.relay.channel import greeting, open_channel, say_on_stderr
from athena.relay.copy import copy
from athena.relay.failure import EXIT_LOST, EXIT_OK, EXIT_USAGE, RelayError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

MODES = ("lsp", "headless")
OPTIONS = ("--state-dir", "--name")
"""`--name`: who is there, as others see it; an editor says it again in `initialize`."""
IGNORED = ("--stdio", "--clientProcessId", "--node-ipc")
"""What editors add to the command of a language server. Its pipes and their end tell us enough."""
EXIT_INTERRUPTED = 130
STDIN, STDOUT, STDERR = 0, 1, 2


def run(mode: str, argv: Sequence[str], command: Sequence[str] | None = None) -> int:
    """Be the relay of `mode` until either side ends; returns the exit code (`failure`)."""
    _open_standard_files()
    try:
        given = _options(mode, argv)
        if chosen := given.get("--state-dir"):
            # Whoever looks it up later, a daemon that we start among them, finds the same one.
            os.environ["ATHENA_STATE_DIR"] = chosen
        hello = greeting(mode, argv, {"name": given.get("--name", mode)})
        return _relay(hello, paths.state_directory(), command or spawn.daemon_command())
    except RelayError as error:
        say_on_stderr(error.message)
        return error.code
    except BrokenPipeError:
        return EXIT_OK
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _open_standard_files() -> None:
    """Fill the places of closed ones: else our socket would be taken for one of them."""
    for descriptor in (STDIN, STDOUT, STDERR):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _options(mode: str, argv: Sequence[str]) -> dict[str, str]:
    """The options of `OPTIONS` that were given."""
    found: dict[str, str] = {}
    rest = list(argv)
    while rest:
        name, _, value = rest.pop(0).partition("=")
        if name in OPTIONS and (value or rest):
            found[name] = value or rest.pop(0)
        elif name not in IGNORED:
            raise RelayError(EXIT_USAGE, f"{name} is no option; see `athena {mode} --help`.")
    return found


def _relay(hello: dict[str, object], state: str, command: Sequence[str]) -> int:
    channel = open_channel(state, hello, command=command)
    goodbye = copy(channel, STDIN, STDOUT)
    if goodbye is None:
        raise _lost(state, channel.welcome.get("pid"), command)
    if message := goodbye.get("message"):
        say_on_stderr(str(message))
    code = goodbye.get("code")
    return code if isinstance(code, int) else EXIT_OK


def _lost(state: str, pid: object, command: Sequence[str]) -> RelayError:
    """The words for a connection that ended without a goodbye; a dead daemon is replaced.

    The editor will start this program again in a moment: the daemon should be there by then.
    """
    if not control.has_died(state, pid):
        words = "The Athena daemon cut this connection; its log says why. Start it again."
        return RelayError(EXIT_LOST, words)
    spawn.revive(state, command)
    words = "The Athena daemon ended unexpectedly and is being started again; nothing is lost."
    return RelayError(EXIT_LOST, words)
