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


@dataclass(slots=True)
class _Open:
    task: asyncio.Task[Answer]
    work: Coroutine[object, object, Answer]
    size: int
    reply: Reply
    cancelled_by_client: bool = False


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

    def __contains__(self, request_id: Id) -> bool:
        return request_id in self._open

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

        `reply` must not raise. It is called by the task's callback and not by the task, because a
        task that is cancelled before its first step never runs any of its code.
        """
        if request_id in self._open:
            work.close()
            reply(answers.failure(request_id, answers.duplicate(request_id)))
            return
        task = asyncio.ensure_future(self._in_turn(work))
        self._open[request_id] = _Open(task, work, size, reply)
        self._bytes += size
        self._update_room()
        task.add_done_callback(lambda done: self._answer(request_id, method, done))

    def start_quiet(self, method: str, work: Coroutine[object, object, object]) -> None:
        """Run the work of a notification: nobody is answered, a failure is only logged."""
        task = asyncio.ensure_future(work)
        self._quiet.add(task)
        self._update_room()
        task.add_done_callback(lambda done: self._forget_quiet(method, done))

    def cancel(self, request_id: object) -> None:
        """The client's `$/cancelRequest`; an id that is not open any more is ignored."""
        if isinstance(request_id, int | str) and (found := self._open.get(request_id)):
            found.cancelled_by_client = True
            found.task.cancel()

    def cancel_all(self) -> None:
        """The client is gone."""
        for found in self._open.values():
            found.cancelled_by_client = True
            found.task.cancel()
        for task in self._quiet:
            task.cancel()

    async def finished(self, seconds: float | None = None) -> bool:
        """Wait until nothing is open; False when the time was over before."""
        tasks = {*self._quiet, *(found.task for found in self._open.values())}
        if not tasks:
            return True
        _, pending = await asyncio.wait(tasks, timeout=seconds)
        # The callbacks that send the answers were scheduled before us, or are right behind.
        await asyncio.sleep(0)
        return not pending

    async def _in_turn(self, work: Coroutine[object, object, Answer]) -> Answer:
        answer = await work
        # What is done is done: a cancellation that comes only now changes nothing.
        with contextlib.suppress(asyncio.CancelledError):
            await self._turn()
        return answer

    def _answer(self, request_id: Id, method: str, task: asyncio.Task[Answer]) -> None:
        found = self._open.pop(request_id)
        found.work.close()
        self._bytes -= found.size
        self._update_room()
        found.reply(_outcome(request_id, method, task, found.cancelled_by_client))

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


def _outcome(request_id: Id, method: str, task: asyncio.Task[Answer], by_client: bool) -> Answer:
    if not task.cancelled():
        if error := task.exception():
            return answers.failure(request_id, answers.as_athena_error(error, method))
        return task.result()
    if by_client:
        return answers.failure(request_id, answers.cancelled())
    error = RuntimeError("cancelled by the server itself")
    return answers.failure(request_id, answers.as_athena_error(error, method))
