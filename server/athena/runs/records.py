"""How a run ended, and who runs: the documents that a run directory keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from athena.runner import layout
from athena.runner.shapes import Malformed, integer, mapping, optional_text, parse, text


class How(StrEnum):
    """Why a run is over."""

    EXITED = "exited"
    """by itself, with `code`"""
    SIGNALLED = "signalled"
    """by `signal`, which Athena had not asked for"""
    KILLED = "killed"
    """because somebody asked; `by` says who"""
    IDLE = "idle"
    """nobody was attached and nothing was said for the idle limit"""
    SPAWN_FAILED = "spawnFailed"
    """it never ran; `message` and `errno` say why"""
    LOST = "lost"
    """its runner died, or the machine did; what was said until then is kept"""


@dataclass(frozen=True, slots=True)
class Usage:
    """getrusage(2) of the harness and of those of its children that it waited for."""

    user_ms: int
    system_ms: int
    max_rss_bytes: int


@dataclass(frozen=True, slots=True)
class ExitRecord:
    """The content of `exit.json`; see `athena.runner.report` for each field. Times in Unix ms."""

    run_id: str
    how: How
    by: str | None
    code: int | None
    signal: str | None
    message: str
    errno: str | None
    started_at: int
    at: int
    usage: Usage | None
    out: int
    err: int
    last_in: int
    delivered: int | None
    strays: int

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> ExitRecord:
        """`Malformed` if it is none."""
        usage = None
        if document.get("usage") is not None:
            told = mapping(document, "usage")
            usage = Usage(
                integer(told, "userMs"), integer(told, "systemMs"), integer(told, "maxRssBytes")
            )
        return cls(
            run_id=text(document, "runId"),
            how=How(text(document, "how")),
            by=optional_text(document, "by"),
            code=_optional_integer(document, "code"),
            signal=optional_text(document, "signal"),
            message=text(document, "message"),
            errno=optional_text(document, "errno"),
            started_at=integer(document, "startedAt"),
            at=integer(document, "at"),
            usage=usage,
            out=integer(document, "out"),
            err=integer(document, "err"),
            last_in=integer(document, "lastIn"),
            delivered=_optional_integer(document, "delivered"),
            strays=integer(document, "strays"),
        )


@dataclass(frozen=True, slots=True)
class Identity:
    """A process that can be told from every other one; `start` as `system.start_time` says it."""

    pid: int
    start: str


@dataclass(frozen=True, slots=True)
class RunRecord:
    """The content of `run.json`."""

    run_id: str
    boot_id: str
    program: str
    started_at: int
    runner: Identity
    harness: Identity | None


def read_exit(run_dir: Path) -> ExitRecord | None:
    """`None` if the run has no ending yet."""
    try:
        data = (run_dir / layout.EXIT).read_bytes()
    except FileNotFoundError:
        return None
    return ExitRecord.from_document(parse(data))


def read_run(run_dir: Path) -> RunRecord | None:
    """`None` if the runner did not come so far, or a power cut took it."""
    try:
        document = parse((run_dir / layout.RUN).read_bytes())
        return RunRecord(
            run_id=text(document, "runId"),
            boot_id=str(document.get("bootId") or ""),
            program=text(document, "program"),
            started_at=integer(document, "startedAt"),
            runner=_identity(document, "runner"),
            harness=_identity(document, "harness") if document.get("harness") else None,
        )
    except (FileNotFoundError, Malformed):
        return None


def _optional_integer(document: Mapping[str, object], key: str) -> int | None:
    return None if document.get(key) is None else integer(document, key)


def _identity(document: Mapping[str, object], key: str) -> Identity:
    told = mapping(document, key)
    return Identity(integer(told, "pid"), str(told.get("start") or ""))
