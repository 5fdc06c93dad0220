"""The hidden refs: `refs/athena/<agent>/<purpose>/<milliseconds>-<commit>`, listed and named.

Branches, tags, `git push`, `git fetch` and clones do not know of them. The name sorts by time; the
commit message says what it is in trailers, so that the repository alone tells all there is.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from athena.worktree.errors import GitFailed, LockHeld
from athena.worktree.git import Git
from athena.worktree.names import agent_component, agent_from_component
from athena.worktree.objects import commit_tree, trailers, update_ref
from athena.worktree.repository import Checkout

NAMESPACE = "refs/athena"
AGENT = "Athena-Agent"
KEPT_ATTEMPTS = 5

ANYWHERE = {"GIT_WORK_TREE": "."}
"""Lets git read the repository of a submodule whose folder is gone."""

SHOWING_ALL = "GIT_WORK_TREE=. git -c uploadpack.hideRefs=!refs upload-pack"
"""What serves a fetch on this machine, also of refs that are not to be shown to others, and from
such a repository."""

SHOWING_ANY = "git -c uploadpack.allowAnySHA1InWant=true upload-pack"
"""The same for a commit that is named by no ref."""

FORMAT = "%(refname)%00%(objectname)%00%(tree)%00%(parent)%00%(contents)%00%(creatordate:unix)%00"


@dataclass(frozen=True, slots=True)
class Kept:
    """A commit object kept alive by a ref of ours. `facts` are the trailers of its message."""

    ref: str
    agent: str
    purpose: str
    commit: str
    tree: str
    parents: tuple[str, ...]
    time: datetime
    subject: str
    facts: Mapping[str, str]


async def keep(
    checkout: Checkout,
    agent: str,
    purpose: str,
    tree: str,
    parents: Sequence[str],
    subject: str,
    facts: Mapping[str, str | None],
) -> Kept:
    """Commit `tree` and name the commit by a new ref."""
    said = {AGENT: agent} | {key: one_line(value) for key, value in facts.items() if value}
    message = f"{one_line(subject)}\n\n" + "".join(f"{k}: {v}\n" for k, v in said.items())
    commit = await commit_tree(checkout.git, tree, parents, message)
    ref, moment = await name(checkout, agent, purpose, commit)
    return Kept(ref, agent, purpose, commit, tree, tuple(parents), moment, subject, said)


async def name(checkout: Checkout, agent: str, purpose: str, commit: str) -> tuple[str, datetime]:
    """Name `commit` by a new ref, and when."""
    for attempt in range(KEPT_ATTEMPTS):
        moment = time.time_ns() // 1_000_000 + attempt
        ref = f"{folder(agent, purpose)}/{moment:013d}-{commit[:12]}"
        try:
            await update_ref(checkout.git, ref, commit, None, f"athena: {purpose}")
        except (LockHeld, GitFailed) as error:
            # Another process took this very name, or left a lock on it; the next one is free.
            if "cannot lock ref" in error.detail and attempt + 1 < KEPT_ATTEMPTS:
                continue
            raise
        return ref, datetime.fromtimestamp(moment / 1000, UTC)
    raise AssertionError("the last attempt returns or raises")


async def kept(
    checkout: Checkout, agent: str | None = None, purpose: str | None = None
) -> tuple[Kept, ...]:
    """What our refs keep, the oldest first."""
    if agent is None:
        pattern = f"{NAMESPACE}/"
    elif purpose is None:
        pattern = f"{NAMESPACE}/{agent_component(agent)}/"
    else:
        pattern = folder(agent, purpose) + "/"
    output = await checkout.git.run("for-each-ref", f"--format={FORMAT}", pattern)
    fields = output.stdout.decode("utf-8", "surrogateescape").split("\0")
    rows = [fields[at : at + 6] for at in range(0, len(fields) - 1, 6)]
    found = [_kept(row) for row in rows]
    wanted = [k for k in found if k is not None and (purpose is None or k.purpose == purpose)]
    return tuple(sorted(wanted, key=lambda k: k.ref.rpartition("/")[2]))


async def kept_at(checkout: Checkout, ref: str) -> Kept | None:
    """What one ref of ours keeps."""
    output = await checkout.git.run("for-each-ref", f"--format={FORMAT}", ref)
    fields = output.stdout.decode("utf-8", "surrogateescape").split("\0")
    return _kept(fields[:6]) if len(fields) > 6 and fields[0].strip() == ref else None


async def forget(checkout: Checkout, gone: Sequence[Kept]) -> None:
    """Delete refs, all or none, if each still names the same commit."""
    if gone:
        lines = "".join(f"delete {k.ref} {k.commit}\n" for k in gone)
        await checkout.git.run("update-ref", "--no-deref", "--stdin", stdin=lines.encode())


async def copy_refs(
    git: Git, source: Path, there: str, here: str, also: Sequence[str] = ()
) -> tuple[str, ...]:
    """Copy all refs below `there` of another repository to `here`, with all that they name.

    `also` are more refspecs to fetch. Returns the refs that did not come: from a shallow clone git
    takes none, and calls it done.
    """
    options = ["--quiet", "--no-tags", "--no-prune", "--no-write-fetch-head", "--update-head-ok"]
    options += ["--no-recurse-submodules", "--upload-pack", SHOWING_ALL]
    await git.run("fetch", *options, str(source), f"+{there}/*:{here}/*", *also)
    came = await _below(git, here)
    theirs = await _below(Git(source, git.environ), there)
    return tuple(name for name, commit in theirs.items() if came.get(name) != commit)


async def copy_commit(git: Git, source: Path, commit: str) -> None:
    """Copy one commit of another repository, with all that it names, under no ref yet."""
    options = ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"]
    options += ["--upload-pack", SHOWING_ANY]
    await git.run("fetch", *options, str(source), commit)


async def _below(git: Git, place: str) -> dict[str, str]:
    """The refs below a folder of refs, by their names in it, and what they name."""
    asked = ("for-each-ref", "--format=%(objectname) %(refname)", place)
    listing = await git.run(*asked, env=ANYWHERE)
    found = (line.partition(" ") for line in listing.text.splitlines())
    return {ref.removeprefix(f"{place}/"): commit for commit, _, ref in found}


def folder(agent: str, purpose: str) -> str:
    """The folder of refs of one agent for one purpose."""
    return f"{NAMESPACE}/{agent_component(agent)}/{purpose}"


def one_line(text: str) -> str:
    """`text` as the value of a trailer."""
    return " ".join(text.split()) if "\n" in text or "\r" in text else text


def _kept(fields: Sequence[str]) -> Kept | None:
    ref, commit, tree, parents, contents, seconds = fields
    ref = ref.strip("\n")
    parts = ref.removeprefix(NAMESPACE + "/").split("/")
    if len(parts) != 3 or not tree:
        return None
    stamp = parts[2].partition("-")[0]
    moment = int(stamp) / 1000 if stamp.isdigit() else float(seconds)
    return Kept(
        ref=ref,
        agent=agent_from_component(parts[0]),
        purpose=parts[1],
        commit=commit,
        tree=tree,
        parents=tuple(parents.split()),
        time=datetime.fromtimestamp(moment, UTC),
        subject=contents.partition("\n")[0],
        facts=trailers(contents),
    )
