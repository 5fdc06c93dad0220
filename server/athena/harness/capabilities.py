"""What each harness was seen to be able to do, kept by the identity of its program.

Nothing here is a table of harnesses: an entry is made by asking the program itself (`inspection`)
or by the first session of an agent, and holds until the program changes.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from athena.harness.identity import Program
from athena.protocol import events as e
from athena.protocol.capability import Ability, Capabilities
from athena.protocol.request import Permission


class Detected(BaseModel):
    """One program, as it was found. `at` in milliseconds since 1970 UTC.

    `options` are the names of its command-line options, where it lists them. `said` are the words
    it had for the user when it was started, such as that it is not logged in.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    harness: str
    path: str
    key: str
    at: int
    version: str | None = None
    options: tuple[str, ...] | None = None
    capabilities: Capabilities = Capabilities()
    said: tuple[str, ...] = ()


class Detections:
    """The entries, one file each in a directory; a file that makes no sense is as none."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def of(self, program: Program) -> Detected | None:
        """What is known of this very program."""
        try:
            found = Detected.model_validate_json(self._file(program.key).read_bytes())
        except (OSError, ValidationError):
            return None
        return found if found.key == program.key else None

    def keep(self, detected: Detected) -> None:
        """Keep an entry; written whole or not at all."""
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = self._file(detected.key)
        draft = file.with_suffix(f".{os.getpid()}")
        draft.write_text(detected.model_dump_json(by_alias=True), encoding="utf-8")
        draft.replace(file)

    def seen(self, program: Program, capabilities: Capabilities) -> None:
        """A session showed what the program can do: known options and words stay."""
        before = self.of(program)
        if before is not None and before.capabilities != capabilities:
            version = capabilities.version or before.version
            update = {"capabilities": capabilities, "version": version}
            with contextlib.suppress(OSError):
                self.keep(before.model_copy(update=update))

    def _file(self, key: str) -> Path:
        return self._directory / f"{key}.json"


def learned(known: Capabilities, events: Iterable[e.EventData]) -> Capabilities:
    """The abilities with what a session's events prove."""
    proved: dict[str, Ability] = {}
    for event in events:
        match event:
            case e.RequestOpened(request=Permission()):
                proved["permissions"] = Ability.YES
            case e.UsageReported():
                proved["usage"] = Ability.YES
                if event.cost is not None:
                    proved["cost"] = Ability.YES
            case e.TurnEnded():
                if event.usage is not None:
                    proved["usage"] = Ability.YES
                if event.cost is not None:
                    proved["cost"] = Ability.YES
                if event.stop_reason == "cancelled":
                    proved["interrupt"] = Ability.YES
            case _:
                pass
    return known.model_copy(update=proved)
