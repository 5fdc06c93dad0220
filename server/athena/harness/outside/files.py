"""Finding session files, and reading what is new in one."""

from __future__ import annotations

import contextlib
import glob
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from athena.core.heading import heading
from athena.harness.decode import Json, maybe_text, obj, objs, parse, text

HEAD_BYTES = 256 * 1024
"""How much of a file is read to find out what it is about."""

LONGEST_LINE = 32 * 1024 * 1024
"""A first prompt may hold pictures."""

TITLE_LENGTH = 120

Kind = Literal["claude", "codex"]


@dataclass(frozen=True, slots=True)
class SessionFile:
    """A session of a plain command line. `modified_at` in milliseconds since 1970 UTC."""

    harness: Kind
    session_id: str
    path: Path
    cwd: str
    title: str
    modified_at: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sessions to look for: of one harness, changed since a time (milliseconds since 1970
    UTC), or whose id begins so. Files that are not wanted are not opened.
    """

    harness: str | None = None
    since: int = 0
    session_id: str = ""

    @property
    def pattern(self) -> str:
        """What a file's name has in the place of the id, for `glob`."""
        return f"{glob.escape(self.session_id)}*"

    def fits(self, path: Path) -> bool:
        """Whether a file was changed since then."""
        return path.stat().st_mtime_ns // 1_000_000 >= self.since


ALL = Wanted()


def find_sessions(environment: Mapping[str, str], wanted: Wanted = ALL) -> list[SessionFile]:
    """The sessions below the user's home, the newest first. What cannot be read is left out."""
    home = Path(environment.get("HOME") or Path.home())
    claude = Path(environment.get("CLAUDE_CONFIG_DIR") or home / ".claude")
    codex = Path(environment.get("CODEX_HOME") or home / ".codex")
    found: list[SessionFile] = []
    if wanted.harness in (None, "claude"):
        found += _claude_sessions(claude, wanted)
    if wanted.harness in (None, "codex"):
        found += _codex_sessions(codex, wanted)
    return sorted(found, key=lambda one: one.modified_at, reverse=True)


def _claude_sessions(root: Path, wanted: Wanted) -> Iterator[SessionFile]:
    """`projects/<project>/<session id>.jsonl`; files of subagents are named otherwise."""
    for path in _files(root / "projects", f"*/{wanted.pattern}.jsonl", wanted):
        if path.name.startswith("agent-"):
            continue
        spoken = (one for one in _head(path) if one.get("type") in ("user", "assistant"))
        first = next(spoken, None)
        if first is not None:
            prompts = (_claude_prompt(one) for one in (first, *spoken))
            title = next((words for words in prompts if words), "")
            yield from _session("claude", path.stem, path, text(first.get("cwd")), title)


def _claude_prompt(line: Json) -> str:
    if line.get("type") != "user" or line.get("isMeta") is True:
        return ""
    content = obj(line.get("message")).get("content")
    words = content if isinstance(content, str) else _first_text(content)
    return "" if words.startswith("<") else words


def _codex_sessions(root: Path, wanted: Wanted) -> Iterator[SessionFile]:
    """`sessions/<year>/<month>/<day>/rollout-<time>-<session id>.jsonl`, and archived ones."""
    pattern = f"**/rollout-*-{wanted.pattern}.jsonl"
    for folder in ("sessions", "archived_sessions"):
        for path in _files(root / folder, pattern, wanted):
            lines = _head(path)
            first = next(lines, None)
            if first is None:
                continue
            meta = obj(first.get("payload"))
            session_id = maybe_text(meta.get("id"))
            if session_id is None or first.get("type") != "session_meta":
                continue
            if session_id.startswith(wanted.session_id):
                prompts = (_codex_prompt(one) for one in lines)
                title = next((words for words in prompts if words), "")
                yield from _session("codex", session_id, path, text(meta.get("cwd")), title)


def _codex_prompt(line: Json) -> str:
    payload = obj(line.get("payload"))
    if payload.get("type") == "user_message":
        return text(payload.get("message"))
    item = obj(payload.get("item"))
    return _first_text(item.get("content")) if item.get("type") == "UserMessage" else ""


def _first_text(content: object) -> str:
    return next((text(part.get("text")) for part in objs(content) if part.get("text")), "")


def _session(
    harness: Kind, session_id: str, path: Path, cwd: str, title: str
) -> Iterator[SessionFile]:
    """The session, unless its file has just been deleted."""
    with contextlib.suppress(OSError):
        about = path.stat()
        words = " ".join((heading(title) or title).split())[:TITLE_LENGTH]
        modified = about.st_mtime_ns // 1_000_000
        yield SessionFile(harness, session_id, path, cwd, words, modified, about.st_size)


def _files(folder: Path, pattern: str, wanted: Wanted) -> Iterator[Path]:
    for path in sorted(folder.glob(pattern)):
        with contextlib.suppress(OSError):
            if path.is_file() and wanted.fits(path):
                yield path


def _head(path: Path) -> Iterator[Json]:
    """The first lines that are JSON objects."""
    try:
        with path.open("rb") as file:
            left = HEAD_BYTES
            while left > 0 and (line := file.readline(LONGEST_LINE)):
                left -= len(line)
                value = parse(line)
                if value is not None:
                    yield value
    except OSError:
        return


def read_lines(path: Path, position: int, most: int = 4 << 20) -> tuple[list[bytes], int]:
    """The whole lines from a position on, about `most` bytes of them, and the position after them.

    A last line without its end is left for later: it is still being written, or was torn.
    """
    with path.open("rb") as file:
        file.seek(position)
        raw = file.read(most)
        while b"\n" not in raw and (more := file.read(most)):
            raw += more
    end = raw.rfind(b"\n") + 1
    return raw[:end].split(b"\n")[:-1], position + end
