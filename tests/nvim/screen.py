"""A real Neovim, driven over its RPC as a user interface would, and what a person sees of it."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import msgpack

COLUMNS, ROWS = 80, 24
Pack = Callable[[object], bytes]


@dataclass
class Cell:
    """One character of the screen and the number of its highlight."""

    text: str = " "
    highlight: int = 0


@dataclass
class Grid:
    """The screen, as Neovim's `ext_linegrid` events draw it (`:help ui-linegrid`)."""

    columns: int
    rows: int
    cells: list[list[Cell]] = field(default_factory=list)
    cursor: tuple[int, int] = (0, 0)
    highlights: dict[int, dict[str, Any]] = field(default_factory=dict)
    colors: tuple[int, int] = (0xFFFFFF, 0x000000)

    def __post_init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.cells = [[Cell() for _ in range(self.columns)] for _ in range(self.rows)]

    def text(self) -> str:
        return "\n".join("".join(c.text for c in row).rstrip() for row in self.cells)

    def draw(self, event: str, arguments: list[Any]) -> None:
        """Take in one event of a `redraw`; those that draw nothing are passed over."""
        match event:
            case "grid_resize":
                _, self.columns, self.rows = arguments[:3]
                self.clear()
            case "grid_clear":
                self.clear()
            case "grid_cursor_goto":
                self.cursor = (arguments[1], arguments[2])
            case "grid_line":
                self._line(*arguments[1:4])
            case "grid_scroll":
                self._scroll(*arguments[1:6])
            case "hl_attr_define":
                self.highlights[arguments[0]] = arguments[1]
            case "default_colors_set":
                self.colors = (arguments[0], arguments[1])
            case _:
                pass

    def _line(self, row: int, column: int, cells: list[list[Any]]) -> None:
        highlight = 0
        for cell in cells:
            if len(cell) > 1:
                highlight = cell[1]
            for _ in range(cell[2] if len(cell) > 2 else 1):
                if column < self.columns:
                    self.cells[row][column] = Cell(cell[0], highlight)
                column += 1

    def _scroll(self, top: int, bottom: int, left: int, right: int, rows: int) -> None:
        lines = range(top, bottom - rows) if rows > 0 else range(bottom - 1, top - rows - 1, -1)
        for line in lines:
            self.cells[line][left:right] = self.cells[line + rows][left:right]


class NvimError(Exception):
    """Neovim answered a request with an error."""


class Nvim:
    """A Neovim process with a screen of 80x24."""

    def __init__(
        self,
        program: Path,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        place: Path,
        size: tuple[int, int] = (COLUMNS, ROWS),
    ) -> None:
        self.process = subprocess.Popen(
            [str(program), "--embed", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=dict(environment),
            cwd=place,
        )
        self.grid = Grid(*size)
        self._ids = itertools.count(1)
        self._answers: dict[int, tuple[object, object]] = {}
        self._news = threading.Condition()
        self._flushed = self.grid.text()
        self._typed = ""
        threading.Thread(target=self._read, daemon=True).start()
        self.call("nvim_ui_attach", *size, {"rgb": True, "ext_linegrid": True})
        self.until(lambda: self.call("nvim_get_vvar", "vim_did_enter") == 1, "Neovim started")

    def _send(self, message: list[object]) -> None:
        assert self.process.stdin
        packed = cast("Pack", msgpack.packb)(message)  # pyright: ignore[reportUnknownMemberType]
        self.process.stdin.write(packed)
        self.process.stdin.flush()

    def call(self, method: str, *arguments: object, timeout: float = 60) -> Any:
        """The result of one of Neovim's API functions."""
        number = next(self._ids)
        with self._news:
            self._send([0, number, method, list(arguments)])
            if not self._news.wait_for(lambda: number in self._answers, timeout):
                raise AssertionError(f"{method} was not answered; on the screen:\n{self._flushed}")
            error, result = self._answers.pop(number)
        if error:
            raise NvimError(error)
        return result

    def keys(self, keys: str) -> None:
        """Type; special keys as in mappings: `<CR>`."""
        self.call("nvim_input", keys)

    def command(self, line: str) -> None:
        """Type an Ex command, from Normal mode, and enter it.

        It stays below until something else is written there, and is not what `sees` looks for.
        """
        self._typed = f":{line}"
        self.keys(f":{line.replace('<', '<lt>')}<CR>")

    def lua(self, code: str, *arguments: object) -> Any:
        """The result of Lua code; arguments are `...`."""
        return self.call("nvim_exec_lua", code, list(arguments))

    def screen(self) -> str:
        """What a person sees now."""
        with self._news:
            return self._flushed

    def color_of(self, text: str) -> object:
        """The foreground of a text on the screen; None when it is not there."""
        with self._news:
            rows = self.grid.text().splitlines()
            row = next((n for n, line in enumerate(rows) if text in line), None)
            if row is None:
                return None
            cell = self.grid.cells[row][rows[row].index(text)]
            return self.grid.highlights.get(cell.highlight, {}).get("foreground")

    def sees(self, *texts: str, timeout: float = 45) -> str:
        """Wait until all the texts are on the screen; returns the screen."""

        def seen() -> bool:
            answered = self._without_command()
            return all(text in answered for text in texts)

        return self.until(seen, f"sees {texts}", timeout)

    def sees_not(self, *texts: str, timeout: float = 45) -> str:
        """Wait until none of the texts is on the screen."""
        return self.until(
            lambda: not any(t in self._flushed for t in texts), f"sees no {texts}", timeout
        )

    def _without_command(self) -> str:
        """What Neovim shows, without the command that was typed last."""
        columns = self.grid.columns
        rows = [self._typed[n : n + columns].rstrip() for n in range(0, len(self._typed), columns)]
        typed = "\n".join(rows)
        if not typed or typed not in self._flushed:
            return self._flushed
        before, _, behind = self._flushed.rpartition(typed)
        return f"{before}:{behind}"

    def until(self, check: Callable[[], object], what: str, timeout: float = 45) -> str:
        """Wait for a condition, looking again whenever the screen changed."""
        import time

        deadline = time.monotonic() + timeout
        while not check():
            if self.process.poll() is not None:
                raise AssertionError(f"Neovim ended ({self.process.returncode}); waiting: {what}")
            if time.monotonic() > deadline:
                raise AssertionError(f"{what}: not after {timeout} s. The screen:\n{self.screen()}")
            with self._news:
                self._news.wait(0.05)
        return self.screen()

    def close(self) -> None:
        """End Neovim, whatever it shows."""
        with contextlib.suppress(BrokenPipeError, ValueError):
            self._send([2, "nvim_command", ["qall!"]])
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _read(self) -> None:
        assert self.process.stdout
        unpacker = msgpack.Unpacker(
            raw=False, unicode_errors="surrogateescape", strict_map_key=False
        )
        descriptor = self.process.stdout.fileno()
        while chunk := os.read(descriptor, 65536):
            unpacker.feed(chunk)  # pyright: ignore[reportUnknownMemberType]
            with self._news:
                for message in cast("Any", unpacker):
                    self._hear(message)
                self._news.notify_all()

    def _hear(self, message: list[Any]) -> None:
        if message[0] == 1:
            self._answers[message[1]] = (message[2], message[3])
        elif message[0] == 2 and message[1] == "redraw":
            for event in message[2]:
                for arguments in event[1:]:
                    if event[0] == "flush":
                        self._flushed = self.grid.text()
                    else:
                        self.grid.draw(event[0], arguments)
