"""The open requests of one connection: each is answered exactly once, however it ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass

from athena.wire import answers, limits
from athena.wire.envelope import Id

Answer = dict[str, object]
Reply = Callable[[Answer], None]

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Open:
    """A request that is not answered yet, or just was."""

    id: Id
    method: str
    size: int
    work: Coroutine[object, object, Answer]
    reply: Reply
    task: asyncio.Task[None] | None = None
    cancelled_by_client: bool = False
    answered: bool = False

    def cancel(self) -> None:
        self.cancelled_by_client = True
        if self.task:
            self.task.cancel()


class Requests:
    """Runs the work of requests as tasks, within limits.

    A request stays open until `turn` has let its answer go: so a client that asks for much and
    reads little has few answers waiting for it.
    """

    def __init__(self, turn: Callable[[], Awaitable[None]]) -> None:
        self._turn = turn
        self._open: dict[Id, _Open] = {}
        self._quiet: set[asyncio.Task[object]] = set()
        self._bytes = 0
        self._room = asyncio.Event()
        self._room.set()

    def __len__(self) -> int:
        return len(self._open) + len(self._quiet)

    async def room(self) -> None:
        """Wait until another request may be read."""
        await self._room.wait()

    def start(
        self,
        request_id: Id,
        method: str,
        size: int,
        work: Coroutine[object, object, Answer],
        reply: Reply,
    ) -> None:
        """Run `work` and give `reply` the answer it returns, or the one for what it raises.

        `reply` must not raise.
        """
        if request_id in self._open:
            work.close()
            reply(answers.failure(request_id, answers.duplicate(request_id)))
            return
        found = _Open(request_id, method, size, work, reply)
        self._open[request_id] = found
        self._bytes += size
        self._update_room()
        found.task = asyncio.ensure_future(self._run(found))
        found.task.add_done_callback(lambda task: self._settle(found, task))

    def start_quiet(self, method: str, work: Coroutine[object, object, object]) -> None:
        """Run the work of a notification: nobody is answered, a failure is only logged."""
        task = asyncio.ensure_future(work)
        self._quiet.add(task)
        self._update_room()
        task.add_done_callback(lambda done: self._forget_quiet(method, done))

    def cancel(self, request_id: object) -> None:
        """The client's `$/cancelRequest`; an id that is not open any more is ignored."""
        if isinstance(request_id, int | str) and (found := self._open.get(request_id)):
            found.cancel()

    def cancel_all(self) -> None:
        """The client is gone."""
        for found in self._open.values():
            found.cancel()
        for task in self._quiet:
            task.cancel()

    async def finished(self, seconds: float | None = None) -> bool:
        """Wait until nothing is open; False when the time was over before."""
        tasks = {*self._quiet, *(found.task for found in self._open.values() if found.task)}
        if not tasks:
            return True
        _, pending = await asyncio.wait(tasks, timeout=seconds)
        # The callbacks that settle them were scheduled before us, or are right behind.
        await asyncio.sleep(0)
        return not pending

    async def _run(self, found: _Open) -> None:
        answer = await found.work
        # What is done is done: a cancellation that comes only now changes nothing.
        with contextlib.suppress(asyncio.CancelledError):
            await self._turn()
        self._answer(found, answer)

    def _settle(self, found: _Open, task: asyncio.Task[None]) -> None:
        """Answer what did not answer itself.

        A task that is cancelled before its first step never runs any of its code, so this cannot
        be done in it.
        """
        found.work.close()
        if not found.answered:
            self._answer(found, _failed(found, task))

    def _answer(self, found: _Open, answer: Answer) -> None:
        found.answered = True
        del self._open[found.id]
        self._bytes -= found.size
        self._update_room()
        found.reply(answer)

    def _forget_quiet(self, method: str, task: asyncio.Task[object]) -> None:
        self._quiet.discard(task)
        self._update_room()
        if not task.cancelled() and (error := task.exception()):
            told = answers.as_athena_error(error, method)
            log.info("%s, sent as a notification, failed: %s", method, told.message)

    def _update_room(self) -> None:
        if len(self) < limits.OPEN_REQUESTS and self._bytes <= limits.OPEN_BYTES:
            self._room.set()
        else:
            self._room.clear()


def _failed(found: _Open, task: asyncio.Task[None]) -> Answer:
    error = None if task.cancelled() else task.exception()
    if error is None and found.cancelled_by_client:
        return answers.failure(found.id, answers.cancelled())
    error = error or RuntimeError("cancelled by the server itself")
    return answers.failure(found.id, answers.as_athena_error(error, found.method))
