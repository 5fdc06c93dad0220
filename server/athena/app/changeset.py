"""`athena/changeset/...`: what an agent changed, by file and by hunk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from athena.app.context import Context
from athena.app.trees import checkout_of, found_changes, seen_in
from athena.border import Connection
from athena.core.state import AgentState
from athena.protocol import review as r
from athena.worktree import changeset as found_by
from athena.worktree.changeset import Changeset, FileChange, FileHunks
from athena.worktree.hunks import Hunk
from athena.worktree.objects import blobs
from athena.worktree.paths import to_wire
from athena.worktree.repository import Checkout

MISSING = "0" * 40
NO_MODE = "000000"
SHOWN_BYTES = 16 << 20
"""Lines that come along with one changeset."""


async def get(context: Context, connection: Connection, asked: r.ReadChangeset) -> r.ChangesetView:
    """The files of a changeset, the first ones in detail where that is asked for."""
    state = await state_of(context, asked.agent, asked.repository)
    checkout = await checkout_of(context, state)
    found = await found_changes(checkout, state, asked.scope, asked.turn_id)
    judged = await _judged_by_hunk(checkout, state, found)
    details = _shortened(await found_by.hunks_of(checkout, found.files[: asked.details]))
    return r.ChangesetView(
        agent_id=state.id,
        scope=asked.scope,
        turn_id=asked.turn_id,
        old_tree=found.base,
        new_tree=found.head,
        files=[_file(state, f, judged.get(f.id)) for f in found.files],
        details=[_detail(state, asked, one) for one in details] or None,
        additions=found.added,
        deletions=found.deleted,
    )


async def file(
    context: Context, connection: Connection, asked: r.ReadChangedFile
) -> r.ChangedFileDetail:
    """One file with its hunks and comments."""
    state = await state_of(context, asked.agent, asked.repository)
    checkout = await checkout_of(context, state)
    found = await found_changes(checkout, state, asked.scope, asked.turn_id)
    return _detail(state, asked, await found_by.hunks(checkout, found.file(asked.path)))


async def text(context: Context, connection: Connection, asked: r.ReadChangedText) -> r.ChangedText:
    """One side of a changed file, for an editor's own diff view."""
    state = await state_of(context, asked.agent, asked.repository)
    checkout = await checkout_of(context, state)
    found = await found_changes(checkout, state, asked.scope, asked.turn_id)
    changed = found.file(asked.path)
    old = asked.side == "old"
    oid = changed.old_oid if old else changed.new_oid
    path = to_wire(changed.old_path if old else changed.path)
    if (changed.old_mode if old else changed.new_mode) == NO_MODE:
        return r.ChangedText(path=path, exists=False)
    (content,) = await blobs(checkout.git, [oid])
    return changed_text(path, content)


def changed_text(path: str, content: bytes | None) -> r.ChangedText:
    """The text of a file's content; binary where it is none."""
    if content is None:
        return r.ChangedText(path=path, exists=False)
    try:
        shown = content.decode("utf-8")
    except UnicodeDecodeError:
        return r.ChangedText(path=path, exists=True, binary=True)
    return r.ChangedText(path=path, exists=True, binary="\0" in shown, text=shown)


async def state_of(context: Context, name: str, place: str | None = None) -> AgentState:
    """The state of the agent that a name means; with `place` as it is in that repository."""
    state = (await context.directory.actor(context.directory.resolve(name))).state
    return state if place is None else seen_in(state, place)


async def ids_of(
    context: Context, state: AgentState, found: Changeset, paths: list[str] | None
) -> list[str]:
    """The ids of whole files and of their hunks, for verdicts on files."""
    checkout = await checkout_of(context, state)
    files = list(found.files) if paths is None else [found.file(p) for p in paths]
    with_hunks = await found_by.hunks_of(checkout, [f for f in files if f.has_hunks], 0)
    return [f.id for f in files] + [h.id for d in with_hunks for h in d.hunks]


def verdict_of(state: AgentState, *ids: str) -> r.Verdict:
    """The verdict on something, its own or that of its file."""
    for one in ids:
        if one in state.verdicts:
            return state.verdicts[one]
    return "open"


async def _judged_by_hunk(
    checkout: Checkout, state: AgentState, found: Changeset
) -> dict[str, r.Verdict]:
    """By file id: the verdict that all hunks of a file share, where hunks were judged at all."""
    if not state.verdicts.keys() - {f.id for f in found.files}:
        return {}
    with_hunks = await found_by.hunks_of(checkout, [f for f in found.files if f.has_hunks], 0)
    return {d.file.id: _shared_verdict(state, d) for d in with_hunks}


def _shared_verdict(state: AgentState, detail: FileHunks) -> r.Verdict:
    given: set[r.Verdict] = {verdict_of(state, h.id, detail.file.id) for h in detail.hunks}
    if not given:
        return verdict_of(state, detail.file.id)
    return given.pop() if len(given) == 1 else "open"


def _file(
    state: AgentState, changed: FileChange, by_hunk: r.Verdict | None = None
) -> r.ChangedFile:
    path, old = to_wire(changed.path), to_wire(changed.old_path)
    return r.ChangedFile(
        path=path,
        old_path=old if old != path else None,
        status=changed.status,
        binary=changed.binary,
        additions=changed.added,
        deletions=changed.deleted,
        old_mode=changed.old_mode if changed.mode_changed else None,
        new_mode=changed.new_mode if changed.mode_changed else None,
        file_id=changed.id,
        verdict=by_hunk or verdict_of(state, changed.id),
        comments=sum(c.path == path and c.state != "resolved" for c in state.comments),
    )


def _shortened(details: Sequence[FileHunks]) -> Iterator[FileHunks]:
    """The same without the lines of those that would make one answer of all too large."""
    size = 0
    for one in details:
        size += sum(len(line) for hunk in one.hunks for line in (*hunk.removed, *hunk.added))
        if size <= SHOWN_BYTES:
            yield one
        else:
            bare = tuple(replace(hunk, removed=(), added=()) for hunk in one.hunks)
            yield replace(one, hunks=bare, large=True)


def _detail(state: AgentState, asked: r.ChangesetRef, detail: FileHunks) -> r.ChangedFileDetail:
    changed = detail.file
    path = to_wire(changed.path)
    return r.ChangedFileDetail.model_validate(
        {
            **_file(state, changed, _shared_verdict(state, detail)).model_dump(),
            "hunks": len(detail.hunks),
            "large": detail.large,
            "hunk_list": [_hunk(state, changed, h) for h in detail.hunks],
            "comment_list": [
                c for c in state.comments if (c.path, c.repository) == (path, asked.repository)
            ],
        }
    )


def _hunk(state: AgentState, changed: FileChange, hunk: Hunk) -> r.HunkView:
    return r.HunkView(
        hunk_id=hunk.id,
        old_start=hunk.old_start,
        old_lines=hunk.old_lines,
        new_start=hunk.new_start,
        new_lines=hunk.new_lines,
        section=hunk.section,
        removed=[_line(x) for x in hunk.removed],
        added=[_line(x) for x in hunk.added],
        verdict=verdict_of(state, hunk.id, changed.id),
    )


def _line(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").rstrip("\r\n")
