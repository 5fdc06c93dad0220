"""A bad connection: stands between a daemon and its runner and cuts when told."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path


class Proxy:
    """Takes the place of a runner's `sock`. `cut_after` bytes of the daemon's, it hangs up."""

    def __init__(self, run_dir: Path) -> None:
        self.connections = 0
        self.cut_after: int | None = None
        self._ours, self._theirs = run_dir / "sock", run_dir / "sock.real"
        self._open: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Proxy:
        self._ours.rename(self._theirs)
        self._server = await asyncio.start_unix_server(self._serve, self._ours)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        self._ours.unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            self._theirs.rename(self._ours)  # where the runner looks for it at its end

    def cut(self) -> None:
        for task in self._open:
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._open.add(task)
        self.connections += 1
        real_reader, real_writer = await asyncio.open_unix_connection(self._theirs)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._copy(reader, real_writer, counted=True))
                group.create_task(self._copy(real_reader, writer, counted=False))
        except (ExceptionGroup, asyncio.CancelledError):
            pass  # cut, or one end hung up
        finally:
            self._open.discard(task)
            writer.transport.abort()
            real_writer.transport.abort()

    async def _copy(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, counted: bool
    ) -> None:
        while data := await source.read(65536):
            if counted and self.cut_after is not None:
                data, left = data[: self.cut_after], self.cut_after - len(data)
                self.cut_after = max(0, left)
                sink.write(data)
                await sink.drain()
                if left <= 0:
                    self.cut_after = None
                    break
            else:
                sink.write(data)
                await sink.drain()
        raise EOFError
