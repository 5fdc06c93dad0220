"""What each harness was seen to be able to do, kept by the identity of its program.

Nothing here is a table of harnesses: an entry is made by asking the program itself (`inspection`)
or by the first session of an agent, and holds until the program changes.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from athena.core.abilities import merged, proved, with_shown
from athena.harness.identity import Program
from athena.protocol import events as e
from athena.protocol.capability import Capabilities


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


def at_first_sight(harness: str, program: Program, now: int) -> Detected:
    """What is known of a program before it was asked: the version that its package has."""
    known = Capabilities(version=program.version)
    return Detected(
        harness=harness,
        path=program.path,
        key=program.key,
        at=now,
        version=program.version,
        capabilities=known,
    )


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
        draft = file.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        draft.write_text(detected.model_dump_json(by_alias=True), encoding="utf-8")
        draft.replace(file)

    def seen(self, harness: str, program: Program, capabilities: Capabilities, now: int) -> None:
        """A session showed what the program can do: what was known beyond that stays known.

        Unless the session is of another version: behind a launcher that stays the same (of a
        version manager, or `npx`) the program may change, and what was known is of the old one.

        `now` in milliseconds since 1970 UTC. A directory that cannot be written is no matter: the
        session goes on, and the next one shows it again.
        """
        before = self.of(program)
        if before is None or _differ(before.version, capabilities.version):
            before = Detected(harness=harness, path=program.path, key=program.key, at=now)
        known = merged(before.capabilities, capabilities)
        update = {"capabilities": known, "version": before.version or known.version}
        found = before.model_copy(update=update)
        if found != before:
            with contextlib.suppress(OSError):
                self.keep(found)

    def _file(self, key: str) -> Path:
        return self._directory / f"{key}.json"


def _differ(before: str | None, now: str | None) -> bool:
    return before is not None and now is not None and before != now


def learned(known: Capabilities, events: Iterable[e.EventData]) -> Capabilities:
    """The abilities with what a session's events prove."""
    for event in events:
        known = with_shown(known, proved(event))
    return known
