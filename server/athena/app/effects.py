"""What harnesses ask of the machine: files of the workspace and terminals."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from io import StringIO
from itertools import islice
from pathlib import Path

from athena.app.terminals import Terminals
from athena.harness import driver as d
from athena.runs import Detached, Fenced, RunError
from athena.worktree.files import content

MOST_BYTES = 32 * 1024 * 1024


class Effects:
    """Performs the effects of one run, inside the roots of its workspace."""

    def __init__(self, roots: Sequence[Path], terminals: Terminals) -> None:
        self._roots = roots
        self._terminals = terminals

    async def perform(self, effect: d.Effect) -> d.EffectDone:
        """Do it; what fails is told to the harness in words."""
        try:
            result = await self._do(effect)
        except (Detached, Fenced):
            raise  # The next daemon performs it.
        except (OSError, ValueError, RunError) as error:
            return d.EffectDone(effect.effect_id, error=str(error))
        return d.EffectDone(effect.effect_id, result=result)

    def processes(self) -> list[int | None]:
        """The leaders of the processes in the run's terminals."""
        return self._terminals.processes()

    async def close(self) -> None:
        """End what is left of the run's terminals."""
        await self._terminals.close()

    async def _do(self, effect: d.Effect) -> object:
        match effect:
            case d.ReadTextFile():
                return await asyncio.to_thread(self._read, effect)
            case d.WriteTextFile():
                return await asyncio.to_thread(self._write, effect)
            case d.CreateTerminal():
                await self._terminals.create(effect)
                return None
            case d.ReadTerminal():
                return await self._terminals.output(effect.terminal_id)
            case d.WaitTerminal():
                return await self._terminals.wait(effect.terminal_id)
            case d.KillTerminal():
                return await self._terminals.kill(effect.terminal_id)
            case d.ReleaseTerminal():
                return await self._terminals.release(effect.terminal_id)

    def _inside(self, path: str) -> Path:
        """The real path, which must lie in the workspace: links are followed before the check."""
        given = Path(path)
        if not given.is_absolute():
            raise ValueError(f"{path} is not absolute")
        real = given.resolve()
        if not any(real.is_relative_to(root.resolve()) for root in self._roots):
            raise ValueError(f"{path} is outside of the workspace {self._roots[0]}")
        return real

    def _read(self, effect: d.ReadTextFile) -> str:
        path = self._inside(effect.path)
        said = content(path, MOST_BYTES + 1)
        if len(said) > MOST_BYTES:
            raise ValueError(f"{path} has more than {MOST_BYTES} bytes")
        text = said.decode("utf-8")
        if effect.line is None and effect.limit is None:
            return text
        start = max(0, (effect.line or 1) - 1)
        end = None if effect.limit is None else start + max(0, effect.limit)
        # Unlike `splitlines`, only a line feed ends a line here, as in editors and in git.
        return "".join(islice(StringIO(text), start, end))

    def _write(self, effect: d.WriteTextFile) -> None:
        path = self._inside(effect.path)
        if path.exists() and not path.is_file():
            raise ValueError(f"{path} is no file")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(effect.text.encode("utf-8"))
