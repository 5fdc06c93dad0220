"""The context cache: folded states of the streams used last, warm again right after a start."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

from athena.log.errors import LogError
from athena.log.eventlog import EventLog
from athena.log.model import Snapshot, StoredEvent

S = TypeVar("S")

MAX_BYTES = 64 << 20
SNAPSHOT_EVENTS = 256
TAIL_PAGE = 1000
VERSION_BYTES = 8


@dataclass(frozen=True)  # without slots, with which `Fold[State](...)` is a TypeError in 3.11
class Fold(Generic[S]):
    """How a state comes from events, and how it is kept.

    `evolve` returns the next state and leaves the one before as it was. `encode` and `decode` are
    each other's inverse; raise `schema` when either or `evolve` changes: older snapshots are then
    not used any more.
    """

    name: str
    initial: Callable[[str], S]
    evolve: Callable[[S, StoredEvent], S]
    encode: Callable[[S], bytes]
    decode: Callable[[bytes], S]
    schema: int = 1
    blobs: bool = False


@dataclass(slots=True)
class StateMetrics:
    """Counters since the start, and what is held now. Bytes are those of the encoded states."""

    hits: int = 0
    misses: int = 0
    evictions: int = 0
    snapshots_loaded: int = 0
    snapshots_saved: int = 0
    events_folded: int = 0
    entries: int = 0
    bytes: int = 0

    @property
    def hit_rate(self) -> float:
        """The share of look-ups that found their state in memory; 0 before the first."""
        looked = self.hits + self.misses
        return self.hits / looked if looked else 0.0


@dataclass(slots=True)
class _Entry(Generic[S]):
    state: S
    version: int
    seq: int
    saved_version: int
    size: int = 0


class StateCache(Generic[S]):
    """States of streams by name, as of their last event; the least recently used make room.

    A state that makes room, and one that has moved by `snapshot_every` events, leaves a snapshot
    in the log, so that reading it again costs only the events since.
    """

    def __init__(
        self,
        log: EventLog,
        fold: Fold[S],
        *,
        max_bytes: int = MAX_BYTES,
        snapshot_every: int = SNAPSHOT_EVENTS,
    ) -> None:
        self.metrics = StateMetrics()
        self._log = log
        self._fold = fold
        self._max_bytes = max_bytes
        self._snapshot_every = snapshot_every
        self._entries: OrderedDict[str, _Entry[S]] = OrderedDict()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def peek(self, stream: str) -> S | None:
        """The state as last folded, without a look at the log; None if it is not in memory."""
        entry = self._entries.get(stream)
        return None if entry is None else entry.state

    async def get(self, stream: str) -> tuple[S, int]:
        """The state of a stream and its version, with every event that is on the disk by now.

        Callers that ask for the same stream at once share the work.
        """
        async with self._lock(stream):
            entry = self._entries.get(stream)
            if entry is not None:
                self.metrics.hits += 1
                self._entries.move_to_end(stream)
                await self._catch_up(stream, entry)
            else:
                self.metrics.misses += 1
                found = await self._log.load_snapshot(
                    self._fold.name, stream, schema=self._fold.schema
                )
                entry = await self._load(stream, found)
        await self._make_room()
        return entry.state, entry.version

    async def warm(self, streams: Sequence[str]) -> int:
        """Load streams, the most important first, as long as they fit; returns how many did."""
        found = await self._log.load_snapshots(self._fold.name, streams, schema=self._fold.schema)
        warmed = 0
        for stream in streams:
            async with self._lock(stream):
                if stream not in self._entries:
                    await self._load(stream, found.pop(stream, None))
            if self.metrics.bytes > self._max_bytes:
                break
            warmed += 1
        await self._make_room()
        return warmed

    async def put(self, stream: str, state: S, version: int, seq: int) -> None:
        """Take over a state that its only writer has folded already, if it is in memory."""
        entry = self._entries.get(stream)
        if entry is not None and version > entry.version:
            entry.state, entry.version, entry.seq = state, version, seq
            await self._save_if_due(stream, entry)

    async def flush(self) -> None:
        """Leave a snapshot of every state that has moved; for an orderly stop."""
        for stream, entry in list(self._entries.items()):
            if entry.version > entry.saved_version:
                await self._save(stream, entry)

    def _lock(self, stream: str) -> asyncio.Lock:
        return self._locks.setdefault(stream, asyncio.Lock())

    async def _load(self, stream: str, snapshot: Snapshot | None) -> _Entry[S]:
        fold = self._fold
        if snapshot is None:
            entry = _Entry(fold.initial(stream), version=0, seq=0, saved_version=0)
        else:
            version = int.from_bytes(snapshot.data[:VERSION_BYTES], "big")
            state = fold.decode(snapshot.data[VERSION_BYTES:])
            entry = _Entry(state, version, snapshot.seq, version, len(snapshot.data))
            self.metrics.snapshots_loaded += 1
        await self._catch_up(stream, entry)
        if snapshot is None:
            entry.size = len(fold.encode(entry.state))
        self._entries[stream] = entry
        self.metrics.bytes += entry.size
        self.metrics.entries = len(self._entries)
        return entry

    async def _catch_up(self, stream: str, entry: _Entry[S]) -> None:
        while entry.version < await self._log.version(stream):
            page = await self._log.read_stream(
                stream, after_version=entry.version, limit=TAIL_PAGE, blobs=self._fold.blobs
            )
            if not page:
                break
            for event in page:
                self._step(entry, event)
        await self._save_if_due(stream, entry)

    def _step(self, entry: _Entry[S], event: StoredEvent) -> None:
        """Fold an event, if it is the next one: a page and a follower may bring the same."""
        if event.version == entry.version + 1:
            entry.state = self._fold.evolve(entry.state, event)
            entry.version, entry.seq = event.version, event.seq
            self.metrics.events_folded += 1

    async def _save_if_due(self, stream: str, entry: _Entry[S]) -> None:
        if entry.version - entry.saved_version >= self._snapshot_every:
            await self._save(stream, entry)

    async def _save(self, stream: str, entry: _Entry[S]) -> None:
        data = entry.version.to_bytes(VERSION_BYTES, "big") + self._fold.encode(entry.state)
        if self._entries.get(stream) is entry:
            self.metrics.bytes += len(data) - entry.size
        entry.size = len(data)
        saved_before, entry.saved_version = entry.saved_version, entry.version
        try:
            await self._log.save_snapshot(
                self._fold.name, stream, entry.seq, data, schema=self._fold.schema
            )
        except LogError:
            # A snapshot only saves time. While the log cannot be written, reading goes on.
            entry.saved_version = saved_before
        else:
            self.metrics.snapshots_saved += 1

    async def _make_room(self) -> None:
        while self.metrics.bytes > self._max_bytes and len(self._entries) > 1:
            stream, entry = self._entries.popitem(last=False)
            self.metrics.bytes -= entry.size
            self.metrics.evictions += 1
            self.metrics.entries = len(self._entries)
            if entry.version > entry.saved_version:
                await self._save(stream, entry)
