"""What the drivers of harnesses that speak in lines of JSON have in common: what a line is before
it means anything, and what becomes of a memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import TypeAdapter

from athena.harness.decode import Json, line_of, parse
from athena.harness.driver import Effect, Step
from athena.harness.ledger import Draft, Remembered
from athena.protocol.events import TurnEnded, TurnError

M = TypeVar("M", bound=Remembered)
W = TypeVar("W", bound=Draft[Any])


class LineDriver(ABC, Generic[M, W]):
    """The part of a `Driver` that does not depend on what the lines say."""

    memories: ClassVar[TypeAdapter[Any]]
    """Reads and writes the driver's memory."""

    @abstractmethod
    def _work(self, memory: M) -> W:
        """The draft of a step that begins with this memory."""

    @abstractmethod
    def _take(self, work: W, message: Json) -> None:
        """Take one message of the harness."""

    def _take_head(self, work: W, head: bytes, length: int) -> None:
        """Take the beginning of a line that was too long."""
        work.unrecognized(f"a line of {length} bytes, cut", line_of(head))

    def receive(self, memory: M, frame: bytes, oversize: int | None = None) -> Step[M]:
        work = self._work(memory)
        message = None if oversize is not None else parse(frame)
        if oversize is not None:
            self._take_head(work, frame, oversize)
        elif message is not None:
            self._take(work, message)
        elif frame.strip():
            work.unrecognized("no JSON object", line_of(frame))
        return work.step()

    def _process_is_gone(self, work: W, reason: str, error: TurnError | None) -> None:
        """Nothing that is open will ever be heard of again. `error` is what was said before."""
        turn_id = work.ledger.turn_id
        work.settle_all()
        if turn_id is not None:
            error = error or TurnError(category="harness", message=reason)
            work.end_turn(TurnEnded(turn_id=turn_id, stop_reason="failed", error=error))

    def open_effects(self, memory: M) -> tuple[Effect, ...]:
        return ()

    def written(self, memory: M) -> Mapping[str, str]:
        return memory.ledger.written()

    def dump(self, memory: M) -> bytes:
        return self.memories.dump_json(memory)

    def load(self, data: bytes) -> M:
        return self.memories.validate_json(data)
