"""A terminal with an editor in it (tmux with a server of its own)."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.wait import until_sync
from tools.setup import path

WIDTH, HEIGHT = 160, 50


class Screen:
    """Keys go in, and what is to be seen comes out."""

    def __init__(self, socket: Path, environment: Mapping[str, str], folder: Path) -> None:
        self._socket = socket
        self._environment = dict(environment)
        self._folder = folder

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, *args: object) -> None:
        subprocess.run(
            self._tmux("kill-server"), env=self._environment, check=False, capture_output=True
        )

    def start(self, command: Sequence[str], size: tuple[int, int] = (WIDTH, HEIGHT)) -> None:
        """Run a program in a terminal of so many columns and lines."""
        area = ["-x", str(size[0]), "-y", str(size[1])]
        words = shlex.join(command)
        self._run("-f", "/dev/null", "new-session", "-d", *area, "-c", str(self._folder), words)
        self._run("set-option", "-g", "escape-time", "0")

    def keys(self, *keys: str) -> None:
        """Press keys by tmux's names for them."""
        self._run("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type a text as it is."""
        self._run("send-keys", "-l", text)

    def text(self) -> str:
        """What is to be seen."""
        return self._run("capture-pane", "-p")

    def until(self, text: str, timeout: float = 45) -> str:
        """Wait until a text is to be seen, and return the whole screen."""

        def seen() -> str | None:
            shown = self.text()
            return shown if text in shown else None

        try:
            found = until_sync(seen, timeout, text)
        except AssertionError:
            raise AssertionError(f"{text!r} was not to be seen:\n{self.text()}") from None
        assert found
        return found

    def _tmux(self, *arguments: str) -> list[str]:
        return [str(path("tmux")), "-S", str(self._socket), *arguments]

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            self._tmux(*arguments),
            env=self._environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=20,
        )
        return done.stdout
