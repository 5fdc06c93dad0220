"""A table of a harness's tools: what each does, in words, and to which file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from athena.harness.decode import Json, text
from athena.harness.paths import shown
from athena.protocol.content import ToolContent
from athena.protocol.items import ToolKind

TITLE_LENGTH = 160


@dataclass(frozen=True, slots=True)
class ToolRow:
    """A tool: its kind, the input and the verb that make its title, the input that is its path.

    `content` makes of the input and the path what is shown of the call, where that says more than
    its result.
    """

    kind: ToolKind
    shows: str | None = None
    verb: str = ""
    path: str | None = None
    content: Callable[[Json, str], list[ToolContent]] | None = None

    def title(self, given: Json, cwd: str) -> str:
        """What a call does; empty where its input and the row say nothing of it."""
        about = text(given.get(self.shows)) if self.shows else ""
        if self.shows is not None and self.shows == self.path:
            about = shown(about, cwd)
        words = " ".join(f"{self.verb} {about}".split())
        return words if len(words) <= TITLE_LENGTH else f"{words[: TITLE_LENGTH - 1]}…"
