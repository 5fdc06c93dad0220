"""What one client has been told of the texts that are being written."""

from __future__ import annotations

from dataclasses import dataclass

from athena.protocol.events import Delta

MOST_REMEMBERED = 256
"""Texts remembered at a time. Of one that was forgotten the client is told the whole again."""


@dataclass(frozen=True, slots=True)
class _Told:
    """The end of what was told of a text, in characters and in UTF-16 code units."""

    characters: int = 0
    units: int = 0


class Writing:
    """Turns growing texts into deltas that join on to each other.

    The first delta of a text begins at its beginning, so it does not matter when the client came.
    """

    def __init__(self) -> None:
        self._grown: dict[tuple[str, str], str] = {}
        self._told: dict[tuple[str, str], _Told] = {}

    def grow(self, agent_id: str, item_id: str, whole: str) -> None:
        """Note the text so far of an item."""
        self._grown[agent_id, item_id] = whole

    def take(self) -> list[Delta]:
        """What the client has not been told, as one delta per text."""
        grown, self._grown = self._grown, {}
        deltas: list[Delta] = []
        for (agent_id, item_id), whole in grown.items():
            told = self._told.pop((agent_id, item_id), _Told())
            if len(whole) < told.characters:
                # The text began anew, as one may that is read again after a restart.
                told = _Told()
            text = whole[told.characters :]
            if text:
                deltas.append(
                    Delta(agent_id=agent_id, item_id=item_id, offset=told.units, text=text)
                )
            self._told[agent_id, item_id] = _Told(len(whole), told.units + utf16_units(text))
        while len(self._told) > MOST_REMEMBERED:
            del self._told[next(iter(self._told))]
        return deltas

    def forget(self) -> None:
        """Nothing of what was told can be relied on: a notification was dropped."""
        self._told.clear()


def utf16_units(text: str) -> int:
    """The length of a text in UTF-16 code units, as LSP counts."""
    return len(text) + sum(character > "\uffff" for character in text)
