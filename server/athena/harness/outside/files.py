"""Finding session files, and reading what is new in one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from athena.harness.decode import Json, is_obj, maybe_text, obj, objs, text

HEAD_BYTES = 256 * 1024
"""How much of a file is read to find out what it is about."""

TITLE_LENGTH = 120


@dataclass(frozen=True, slots=True)
class SessionFile:
    """A session of a plain command line. `modified_at` in milliseconds since 1970 UTC."""

    harness: Literal["claude", "codex"]
    session_id: str
    path: Path
    cwd: str
    title: str
    modified_at: int
    bytes: int


def find_sessions(environment: Mapping[str, str]) -> list[SessionFile]:
    """All sessions below the user's home, the newest first. What cannot be read is left out."""
    home = Path(environment.get("HOME") or Path.home())
    claude = Path(environment.get("CLAUDE_CONFIG_DIR") or home / ".claude")
    codex = Path(environment.get("CODEX_HOME") or home / ".codex")
    found = [*_claude_sessions(claude), *_codex_sessions(codex)]
    return sorted(found, key=lambda one: one.modified_at, reverse=True)


def _claude_sessions(root: Path) -> Iterator[SessionFile]:
    """`projects/<project>/<session id>.jsonl`; files of subagents are named otherwise."""
    for path in _files(root / "projects", "*/*.jsonl"):
        if path.name.startswith("agent-"):
            continue
        head = _head(path)
        spoken = [one for one in head if one.get("type") in ("user", "assistant")]
        if not spoken:
            continue
        prompts = (_claude_prompt(one) for one in spoken)
        title = next((words for words in prompts if words), "")
        yield _session("claude", path.stem, path, text(spoken[0].get("cwd")), title)


def _claude_prompt(line: Json) -> str:
    if line.get("type") != "user" or line.get("isMeta") is True:
        return ""
    content = obj(line.get("message")).get("content")
    words = content if isinstance(content, str) else _first_text(content)
    return "" if words.startswith("<") else words


def _codex_sessions(root: Path) -> Iterator[SessionFile]:
    """`sessions/<year>/<month>/<day>/rollout-<time>-<session id>.jsonl`, and archived ones."""
    for folder in ("sessions", "archived_sessions"):
        for path in _files(root / folder, "**/rollout-*.jsonl"):
            head = _head(path)
            meta = obj(head[0].get("payload")) if head else {}
            session_id = maybe_text(meta.get("id"))
            if session_id is None or head[0].get("type") != "session_meta":
                continue
            prompts = (_codex_prompt(one) for one in head)
            title = next((words for words in prompts if words), "")
            yield _session("codex", session_id, path, text(meta.get("cwd")), title)


def _codex_prompt(line: Json) -> str:
    payload = obj(line.get("payload"))
    if payload.get("type") == "user_message":
        return text(payload.get("message"))
    item = obj(payload.get("item"))
    return _first_text(item.get("content")) if item.get("type") == "UserMessage" else ""


def _first_text(content: object) -> str:
    return next((text(part.get("text")) for part in objs(content) if part.get("text")), "")


def _session(
    harness: Literal["claude", "codex"], session_id: str, path: Path, cwd: str, title: str
) -> SessionFile:
    about = path.stat()
    words = " ".join(title.split())[:TITLE_LENGTH]
    modified = about.st_mtime_ns // 1_000_000
    return SessionFile(harness, session_id, path, cwd, words, modified, about.st_size)


def _files(folder: Path, pattern: str) -> list[Path]:
    return sorted(path for path in folder.glob(pattern) if path.is_file())


def _head(path: Path) -> list[Json]:
    """The first lines that are JSON objects."""
    try:
        with path.open("rb") as file:
            raw = file.read(HEAD_BYTES)
    except OSError:
        return []
    found: list[Json] = []
    for line in raw.split(b"\n"):
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if is_obj(value):
            found.append(value)
    return found


def read_lines(path: Path, position: int, most: int = 4 << 20) -> tuple[list[bytes], int]:
    """The whole lines from a position on, and the position after them.

    A last line without its end is left for later: it is still being written, or was torn. A file
    that became shorter was replaced, and is read from its beginning.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        start = position if position <= size else 0
        file.seek(start)
        raw = file.read(most)
        while b"\n" not in raw and (more := file.read(most)):
            raw += more
    end = raw.rfind(b"\n") + 1
    return raw[:end].splitlines(), start + end
