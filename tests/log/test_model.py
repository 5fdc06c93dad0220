"""Any interleaving of appends, reads, archiving, restarts and moves, against a plain list."""

from __future__ import annotations

import asyncio
import io
import shutil
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from athena.log import Batch, EventLog, NewEvent, StoredEvent, VersionConflict

T = TypeVar("T")

streams = st.sampled_from(["a", "b", "c"])
kinds = st.sampled_from(["said", "done"])
texts = st.sampled_from(["", "short", "long " * 5000])
batches = st.tuples(streams, st.lists(st.tuples(kinds, texts), max_size=4), st.integers(-2, 1))


class LogMachine(RuleBasedStateMachine):
    """The log beside a list of (stream, version, kind, text, command)."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="athena-log-"))
        self.runner = asyncio.Runner()
        self.model: list[tuple[str, int, str, str, str | None]] = []
        self.commands: dict[str, tuple[int, int]] = {}
        self.number = 0

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    @initialize()
    def start(self) -> None:
        self.log = self.wait(EventLog.open(self.folder / "0" / "athena.db"))

    def teardown(self) -> None:
        if hasattr(self, "log"):
            self.wait(self.log.close())
        self.runner.close()
        shutil.rmtree(self.folder)

    def version(self, stream: str) -> int:
        return sum(1 for event in self.model if event[0] == stream)

    def expect(
        self, wanted: list[tuple[str, list[tuple[str, str]], int]], command: str | None
    ) -> tuple[list[Batch], bool]:
        """The batches to append, and whether the model takes them; then it has."""
        written = list(self.model)
        asked: list[Batch] = []
        fits = True
        for stream, events, offset in wanted:
            version = sum(1 for event in written if event[0] == stream)
            # -2 expects nothing, 0 what is true, the others what is not.
            fits = fits and offset in (-2, 0)
            asked.append(
                Batch(
                    stream,
                    [NewEvent(kind, {"text": text}) for kind, text in events],
                    None if offset == -2 else version + offset,
                )
            )
            for step, (kind, text) in enumerate(events, 1):
                written.append((stream, version + step, kind, text, command))
        if fits:
            self.model = written
        return asked, fits

    @rule(wanted=st.lists(batches, min_size=1, max_size=3))
    def append(self, wanted: list[tuple[str, list[tuple[str, str]], int]]) -> None:
        before = len(self.model)
        asked, fits = self.expect(wanted, None)
        try:
            result = self.wait(self.log.append_many(asked))
        except VersionConflict:
            assert not fits
        else:
            assert fits
            assert (result.first_seq, result.last_seq) == (before + 1, len(self.model))

    @rule(wanted=batches, command=st.sampled_from(["x", "y", "z"]))
    def command(self, wanted: tuple[str, list[tuple[str, str]], int], command: str) -> None:
        if (done := self.commands.get(command)) is not None:
            result = self.wait(self.log.append(wanted[0], [], expected=99, command_id=command))
            assert (result.first_seq, result.last_seq, result.duplicate) == (*done, True)
            return
        before = len(self.model)
        asked, fits = self.expect([wanted], command)
        try:
            result = self.wait(self.log.append_many(asked, command_id=command))
        except VersionConflict:
            assert not fits
        else:
            self.commands[command] = (before + 1, len(self.model))
            assert (result.first_seq, result.last_seq) == self.commands[command]

    @rule(wanted=st.lists(st.tuples(streams, st.integers(0, 3)), min_size=2, max_size=6))
    def append_together(self, wanted: list[tuple[str, int]]) -> None:
        """Writers that all expect what was true before: the first of each stream wins."""
        truth = {stream: self.version(stream) for stream, _ in wanted}

        async def all_at_once() -> list[object]:
            return await asyncio.gather(
                *(
                    self.log.append(
                        stream,
                        [NewEvent("said", {"text": str(n)})] * count,
                        expected=truth[stream],
                    )
                    for n, (stream, count) in enumerate(wanted)
                ),
                return_exceptions=True,
            )

        for (n, (stream, count)), result in zip(
            enumerate(wanted), self.wait(all_at_once()), strict=True
        ):
            if self.version(stream) == truth[stream]:
                assert not isinstance(result, BaseException)
                for _ in range(count):
                    self.model.append((stream, self.version(stream) + 1, "said", str(n), None))
            else:
                assert isinstance(result, VersionConflict)

    @rule(stream=streams)
    def archive(self, stream: str) -> None:
        self.wait(self.log.archive(stream))

    @rule()
    def restart(self) -> None:
        self.wait(self.log.close())
        self.log = self.wait(EventLog.open(self.log.path))

    @rule()
    def move_by_export(self) -> None:
        out = io.BytesIO()
        self.wait(self.log.export(out))
        self.wait(self.log.close())
        self.number += 1
        self.log = self.wait(EventLog.open(self.folder / str(self.number) / "athena.db"))
        assert self.wait(self.log.import_(out.getvalue().splitlines())) == len(self.model)
        again = io.BytesIO()
        self.wait(self.log.export(again))
        assert again.getvalue() == out.getvalue()

    @rule(
        after=st.integers(0, 30),
        limit=st.integers(1, 9),
        only=st.none() | st.lists(streams, max_size=2),
        of=st.none() | st.lists(kinds, max_size=2),
    )
    def read(self, after: int, limit: int, only: list[str] | None, of: list[str] | None) -> None:
        found = self.wait(self.log.read(after, limit=limit, streams=only, kinds=of, blobs=True))
        wanted = [
            (seq, *event)
            for seq, event in enumerate(self.model, 1)
            if seq > after and (only is None or event[0] in only) and (of is None or event[2] in of)
        ]
        assert [plain(event) for event in found] == wanted[:limit]

    @rule(stream=streams, edge=st.integers(0, 12), limit=st.integers(1, 9))
    def read_stream(self, stream: str, edge: int, limit: int) -> None:
        mine = [(n, *event) for n, event in enumerate(self.model, 1) if event[0] == stream]
        forwards = self.wait(
            self.log.read_stream(stream, after_version=edge, limit=limit, blobs=True)
        )
        assert [plain(event) for event in forwards] == mine[edge : edge + limit]
        backwards = self.wait(
            self.log.read_stream_back(stream, before_version=edge, limit=limit, blobs=True)
        )
        assert [plain(event) for event in backwards] == mine[: max(edge - 1, 0)][::-1][:limit]

    @invariant()
    def holds_together(self) -> None:
        if hasattr(self, "log"):
            assert self.log.head == len(self.model)
            assert self.wait(self.log.verify()).problems == []


def plain(event: StoredEvent) -> tuple[int, str, int, str, str, str | None]:
    text = str(event.data["text"])
    return (event.seq, event.stream, event.version, event.kind, text, event.command_id)


TestLogMachine = LogMachine.TestCase
TestLogMachine.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    suppress_health_check=[HealthCheck.too_slow],
)
