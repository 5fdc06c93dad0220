"""Old events in the shapes of today."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from athena.log.model import JsonObject

Upcaster = Callable[[JsonObject], JsonObject]


class Upcasters:
    """A table (kind, v) → function from the data at version v to the data at version v + 1.

    Applied on every read, so what is stored is never edited. A kind or a version that the table
    does not know passes through untouched: it may come from a newer writer. Where a long text was
    moved to a blob, a function may find its marker instead of the text.
    """

    def __init__(self, table: Mapping[tuple[str, int], Upcaster] | None = None) -> None:
        self._table = dict(table or {})

    def is_old(self, kind: str, v: int) -> bool:
        """Whether data of this version is changed when it is read."""
        return (kind, v) in self._table

    def __call__(self, kind: str, v: int, data: JsonObject) -> tuple[int, JsonObject]:
        """The version reached and the data in its shape."""
        table = self._table
        while (step := table.get((kind, v))) is not None:
            data = step(data)
            v += 1
        return v, data
