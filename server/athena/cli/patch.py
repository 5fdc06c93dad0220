"""Hunks as a patch: each with its id, and with the lines around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def patch_of(detail: dict[str, Any], old: Sequence[str], context: int) -> str:
    """The hunks of a file, with up to `context` of the `old` file's lines before and after each.

    A line between two hunks is shown once. What git would show as one hunk stays apart, so that
    each can be named.
    """
    was = (
        "/dev/null"
        if detail["status"] == "added"
        else f"a/{detail.get('oldPath') or detail['path']}"
    )
    now = "/dev/null" if detail["status"] == "deleted" else f"b/{detail['path']}"
    lines = [f"--- {was}", f"+++ {now}"]
    hunks: list[dict[str, Any]] = detail["hunkList"]
    shown = 0
    for at, hunk in enumerate(hunks):
        first, last = _span(hunk)
        following = _span(hunks[at + 1])[0] if at + 1 < len(hunks) else len(old)
        before = old[max(shown, first - context) : first]
        after = old[last : min(following, last + context)]
        shown = last + len(after)
        lines.append(_head(hunk, len(before), len(after)))
        lines += [f" {line}" for line in before]
        lines += [f"-{line}" for line in hunk["removed"]]
        lines += [f"+{line}" for line in hunk["added"]]
        lines += [f" {line}" for line in after]
    return "\n".join(lines)


def _span(hunk: dict[str, Any]) -> tuple[int, int]:
    """The old lines of a hunk, counted from 0: from the first to behind the last."""
    # Of a hunk that only adds, the start names the line before.
    first = hunk["oldStart"] - 1 if hunk["oldLines"] else hunk["oldStart"]
    return first, first + hunk["oldLines"]


def _head(hunk: dict[str, Any], before: int, after: int) -> str:
    around = before + after
    old = _range(hunk["oldStart"], hunk["oldLines"], before, around)
    new = _range(hunk["newStart"], hunk["newLines"], before, around)
    mark = "" if hunk["verdict"] == "open" else f" {hunk['verdict']}"
    return f"@@ -{old} +{new} @@ {hunk['hunkId'][:12]}{mark} {hunk['section']}".rstrip()


def _range(start: int, count: int, before: int, around: int) -> str:
    # An empty range with lines around it begins at the first of them.
    first = start + 1 if count == 0 and around else start
    return f"{first - before},{count + around}"
