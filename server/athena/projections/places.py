"""The places of a transcript's items: which number each has, without the items themselves."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from athena.log import Mention
from athena.protocol import events as e

KINDS = (e.ItemStarted.KIND, e.ItemCompleted.KIND)
"""The kinds of events that may be the first to tell of an item."""

MEMBERS = ("itemId", "turnId")
"""What of their data is needed."""

NUMBER = ".t"
"""What stands before the number of a turn in its id."""


class Places:
    """Where each item of an agent begins, in order; numbers count from 1.

    An item is placed by the first event that tells of it, as in the pages of a transcript.
    """

    def __init__(self, agent_id: str) -> None:
        self.upto = 0
        """The version of the last event that was added."""
        self._versions = array("q")
        self._times = array("q")
        self._turns = array("q")
        """The numbers of the items with which turns begin."""
        self._turn_ids: list[str] = []
        self._turn_numbers = array("q")
        """Of each turn its own number, or that of the one before it; they never fall."""
        self._own_ids = f"{agent_id}{NUMBER}"
        self._has_own = False
        self._items: dict[object, int] = {}
        self._firsts: dict[str, int] = {}
        """The number of the first item of each turn."""

    def __len__(self) -> int:
        return len(self._versions)

    def add(self, mentions: Iterable[Mention]) -> None:
        """Go on after the events that were added before: those of `KINDS`, with `MEMBERS`."""
        for version, at, item_id, turn_id in mentions:
            self.upto = version
            if item_id in self._items:
                continue
            self._versions.append(version)
            self._times.append(at)
            self._items[item_id] = len(self._versions)
            if turn_id is not None and turn_id != self._turn_id:
                self._begin_turn(str(turn_id))

    @property
    def _turn_id(self) -> str | None:
        return self._turn_ids[-1] if self._turn_ids else None

    def _begin_turn(self, turn_id: str) -> None:
        number = self._turn_numbers[-1] if self._turn_numbers else 0
        told = turn_id.rpartition(NUMBER)[2]
        # Turns that a harness began by itself, or did elsewhere, count from 1 in each run: they
        # tell numbers only as long as there are no turns of our own.
        is_own = turn_id.startswith(self._own_ids)
        if told.isdecimal() and (is_own or not self._has_own):
            number = max(number, int(told))
        self._has_own = self._has_own or is_own
        self._turns.append(len(self._versions))
        self._turn_ids.append(turn_id)
        self._firsts.setdefault(turn_id, len(self._versions))
        self._turn_numbers.append(number)

    def version(self, number: int) -> int:
        """The version of the event that began an item."""
        return self._versions[number - 1]

    def at(self, number: int) -> int:
        """When an item began, in milliseconds since 1970 UTC."""
        return self._times[number - 1]

    def by_item(self, item_id: str) -> int | None:
        """The number of an item; None where there is no such."""
        return self._items.get(item_id)

    def by_turn_id(self, turn_id: str) -> int | None:
        """The first item of a turn; None where there is none."""
        return self._firsts.get(turn_id)

    def by_version(self, version: int) -> int:
        """The last item that had begun by a version, or the first one."""
        return max(1, bisect_right(self._versions, version))

    def by_time(self, at: int) -> int:
        """The first item that began at a time or later, or the last one."""
        # Clocks are set back now and then, so the times need not rise.
        later = (number for number, begun in enumerate(self._times, 1) if begun >= at)
        return next(later, len(self))

    def by_turns(self, number: int, turns: int) -> int:
        """The first item of the turn that begins so many turns after an item, or before it.

        Where there are not so many the last item, or the first one.
        """
        if turns == 0:
            return number
        if turns > 0:
            index = bisect_right(self._turns, number) + turns - 1
        else:
            index = bisect_left(self._turns, number) + turns
        if index < 0:
            return 1
        return self._turns[index] if index < len(self._turns) else len(self)

    def by_turn(self, turn: int) -> int:
        """The first item of the turn of a number, or of the last turn before where there is none.

        The first item where all turns have higher numbers.
        """
        index = bisect_right(self._turn_numbers, turn) - 1
        if index < 0:
            return 1
        return self._turns[bisect_left(self._turn_numbers, self._turn_numbers[index])]

    def turn_of(self, number: int) -> tuple[str, int] | None:
        """The id and the number of the turn that began last at an item or before it."""
        index = bisect_right(self._turns, number) - 1
        return None if index < 0 else (self._turn_ids[index], self._turn_numbers[index])
