"""What can go wrong with a worktree, in words that say what to do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from athena.protocol.remedy import Remedy


class WorktreeError(Exception):
    """A failure a person can act on.

    `kind` is stable for programs, `message` says what happened, `advice` what to do about it, with
    `remedies` where that is a command, and `detail` carries what git, a hook or a tool printed, in
    full.
    """

    kind: ClassVar[str] = "failed"

    def __init__(
        self,
        message: str,
        *,
        advice: str = "",
        remedies: Sequence[Remedy] = (),
        detail: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        self.remedies = tuple(remedies)
        self.detail = detail

    def __str__(self) -> str:
        words = f"{self.message} {self.advice}".strip()
        return f"{words}\n{self.detail}".strip() if self.detail else words


class GitMissing(WorktreeError):
    kind = "gitMissing"


class GitFailed(WorktreeError):
    """Git ended with an error that has no kind of its own; `code` is its exit status."""

    kind = "gitFailed"

    def __init__(
        self, message: str, *, code: int, argv: Sequence[str], advice: str = "", detail: str = ""
    ) -> None:
        super().__init__(message, advice=advice, detail=detail)
        self.code = code
        self.argv = tuple(argv)


class GitTimeout(WorktreeError):
    kind = "gitTimeout"


class NotARepository(WorktreeError):
    kind = "notARepository"


class BareRepository(WorktreeError):
    kind = "bareRepository"


class EmptyRepository(WorktreeError):
    kind = "emptyRepository"


class UnknownRevision(WorktreeError):
    kind = "unknownRevision"


class BadBranchName(WorktreeError):
    kind = "badBranchName"


class BranchTaken(WorktreeError):
    kind = "branchTaken"


class LocationTaken(WorktreeError):
    kind = "locationTaken"


class PathEscapes(WorktreeError):
    kind = "pathEscapes"


class CorruptIndex(WorktreeError):
    kind = "corruptIndex"


class LockHeld(WorktreeError):
    """A lock file of git is in the way: another git is at work, or one crashed and left it."""

    kind = "lockHeld"


class HalfMade(WorktreeError):
    """A worktree of the repository has no whole entry: git is making it, or was killed at that."""

    kind = "halfMade"


class StorageFull(WorktreeError):
    kind = "storageFull"


class StorageReadOnly(WorktreeError):
    kind = "storageReadOnly"


class IdentityMissing(WorktreeError):
    kind = "identityMissing"


class Unreadable(WorktreeError):
    """Files of the working tree could not be read, so they could not be captured."""

    kind = "unreadable"

    def __init__(self, paths: Sequence[str]) -> None:
        super().__init__(
            f"{len(paths)} file(s) cannot be read: {', '.join(paths[:5])}.",
            advice="Make them readable, or ignore them in .gitignore.",
        )
        self.paths = tuple(paths)


class RemovalRefused(WorktreeError):
    """The worktree holds something; `hazards` are the words to pass as `force`, one a reason.

    Where there are none it is not removed at all.
    """

    kind = "removalRefused"

    def __init__(self, root: Path, hazards: Sequence[str], reasons: Sequence[str]) -> None:
        super().__init__(
            f"{root} is not removed: {'; '.join(reasons)}.",
            advice=f"To remove it all the same, insist on: {', '.join(hazards)}."
            if hazards
            else "",
        )
        self.hazards = tuple(hazards)
        self.reasons = tuple(reasons)


class TargetBusy(WorktreeError):
    """The branch to update is checked out where updating it is not safe."""

    kind = "targetBusy"


class TargetMoved(WorktreeError):
    kind = "targetMoved"


class ChangedMeanwhile(WorktreeError):
    """Files changed between the look and the write; nothing was written."""

    kind = "changedMeanwhile"


class NothingToDo(WorktreeError):
    kind = "nothingToDo"


class HookFailed(WorktreeError):
    """A hook said no, or a signature could not be made; `detail` is all it printed."""

    kind = "hookFailed"


class PushRejected(WorktreeError):
    kind = "pushRejected"


class ToolMissing(WorktreeError):
    """`gh` or `glab` is not installed; `url` opens the same form in a browser, where known."""

    kind = "toolMissing"

    def __init__(self, message: str, *, advice: str, url: str | None) -> None:
        super().__init__(message, advice=advice)
        self.url = url


class ToolFailed(WorktreeError):
    kind = "toolFailed"


class ScriptFailed(WorktreeError):
    kind = "scriptFailed"


class NoPorts(WorktreeError):
    kind = "noPorts"
