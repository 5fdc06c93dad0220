"""The shapes that go into and come out of the event log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

JsonObject = dict[str, object]

Mention = tuple[int, int, *tuple[object, ...]]
"""The version and the time of an event, then some members of its data, None for absent ones."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """A fact to be written. `at` is in Unix milliseconds; None takes the log's clock."""

    kind: str
    data: Mapping[str, object]
    v: int = 1
    at: int | None = None


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A fact as read, already upcast: `v` is the newest version the program knows of this kind.

    `seq` is global and free of gaps from 1; `version` counts from 1 within the stream. `cut` says
    that markers may stand in `data` for long texts (see `athena.log.encoding`).
    """

    seq: int
    stream: str
    version: int
    at: int
    kind: str
    v: int
    data: JsonObject
    command_id: str | None
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """Events for one stream. `expected` is the version the stream must have now, 0 for none yet."""

    stream: str
    events: Sequence[NewEvent]
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class Ingest:
    """How far the output of a run has been turned into events, and the driver's memory there.

    `position` is a byte offset in the run's out.spool; it may stay, never go back.
    """

    run_id: str
    position: int
    memory: bytes


@dataclass(frozen=True, slots=True)
class OutFrame:
    """A frame to be sent to a harness. Within a run `n` only grows, for the life of the run."""

    run_id: str
    n: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Appended:
    """What an append became. Without events `first_seq` is `last_seq` + 1.

    `versions` has the version of each touched stream afterwards. `duplicate` says that the command
    had been carried out before: then all of this is the first result, and nothing was written.
    """

    first_seq: int
    last_seq: int
    at: int
    versions: Mapping[str, int] = field(default_factory=dict[str, int])
    duplicate: bool = False

    @property
    def count(self) -> int:
        return self.last_seq - self.first_seq + 1


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A folded state that can be thrown away and made again; it holds all events up to `seq`."""

    key: str
    seq: int
    data: bytes


@dataclass(frozen=True, slots=True)
class StreamHead:
    """The name of a stream, its version, and up to which version it lies in the archive."""

    stream: str
    version: int
    archived: int
