"""Random lives of a repository, in which nothing that anyone wrote may ever get lost.

    python -m tests.worktree.nothing_lost --seed 7 --runs 100

Users and agents edit, stage, commit; Athena takes checkpoints, reverts, accepts, merges, removes
and restores. Before each operation of Athena the program lists every object that can be reached
from a ref, a HEAD or an index, and every file on any disk; afterwards each of them must still be
there. A part of the operations is killed with SIGKILL at one of its git commands, with git or
without. An operation that fails (and is not killed) must have changed no file and no branch.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from athena.worktree import (
    apply,
    checkpoint,
    commit,
    create,
    merge,
    moving,
    remove,
    rescue,
    resolve,
    restore,
    revert,
    review,
    standing,
    vanished,
)
from athena.worktree.changeset import changeset, hunks_of
from athena.worktree.errors import WorktreeError
from athena.worktree.repository import Checkout, discover, worktrees
from athena.worktree.snapshot import tree_now
from tests.worktree.repo import Repo

FILES = ("a", "b", "dir/c", "dir/d")
IGNORED = "ignored"
REACHABLE = (
    "rev-list",
    "--objects",
    "--no-object-names",
    "--all",
    "--reflog",
    "--indexed-objects",
)
STEPS = 12
COMMIT = ("commit", "-q", "--allow-empty", "-am", "by hand")
AMEND = ("commit", "-q", "--amend", "-am", "amended")
DETACH = ("checkout", "-q", "--detach")
BY_HAND = (
    [("add", "-A")],
    [("add", "a", "b")],
    [("add", "-f", IGNORED)],
    [("add", "-f", IGNORED), COMMIT],
    [("rm", "-q", "--cached", IGNORED)],
    [("rm", "-q", "--cached", "b")],
    [COMMIT],
    [COMMIT, AMEND],
    [DETACH],
    [DETACH, COMMIT, ("checkout", "-q", "-")],
    [("stash", "-u", "-q")],
    [("branch", "side-{n}")],
)
KILLED = 0.25


class Lost(AssertionError):
    """Something that was there is nowhere any more."""


@dataclass
class World:
    """One repository with its users, agents and worktrees."""

    repo: Repo
    rng: random.Random
    agents: list[str] = field(default_factory=lambda: ["ada", "bob"])
    serial: int = 0
    story: list[str] = field(default_factory=list)
    done: dict[str, int] = field(default_factory=dict)

    def places(self) -> list[Repo]:
        """Every working tree whose folder is there."""
        links = sorted((self.repo.path / ".git" / "worktrees").glob("*/gitdir"))
        roots = [self.repo.path, *(Path(link.read_text().rstrip("\n")).parent for link in links)]
        return [self.repo.at(root) for root in roots if (root / ".git").exists()]

    def linked(self) -> list[Repo]:
        return [place for place in self.places() if place.path != self.repo.path]

    def version(self) -> str:
        """A text that was never there before."""
        self.serial += 1
        return f"version {self.serial}\n"

    def tell(self, line: str) -> None:
        self.story.append(line)


def write(world: World, place: Repo, who: str) -> None:
    """One edit of someone: a changed line, a new text, a removal, a mode, a move."""
    rng, name = world.rng, world.rng.choice((*FILES, IGNORED))
    path = place.path / name
    what = rng.choice(["line", "line", "line", "whole", "new", "delete", "mode", "move", "folder"])
    try:
        if what == "line" and path.is_file():
            lines = path.read_text().splitlines(keepends=True) or [""]
            lines[rng.randrange(len(lines))] = world.version()
            path.write_text("".join(lines))
        elif what == "delete" and path.is_file():
            path.unlink()
        elif what == "mode" and path.is_file():
            path.chmod(0o755)
        elif what == "move" and path.is_file():
            path.rename(place.path / f"moved-{world.serial}")
        elif what == "new":
            name = f"new-{rng.randrange(3)}"
            place.write(name, world.version())
        elif what == "folder" and path.is_file():
            path.unlink()
            place.write(f"{name}/inside", world.version())
        else:
            place.write(name, "".join(world.version() for _ in range(6)))
    except OSError:
        return  # a folder is where the file should be: they think of something else
    world.tell(f"{who} in {place.path.name}: {what} {name}")


def use_git(world: World, place: Repo) -> None:
    """Something a user does with git; that it may fail, and may drop commits, is theirs."""
    # What a killed git leaves behind, and git tells its user to delete.
    for lock in (world.repo.path / ".git").rglob("*.lock"):
        lock.unlink()
    for args in world.rng.choice(BY_HAND):
        if args[:2] == ("add", "-f") and not (place.path / IGNORED).is_dir():
            place.write(IGNORED, world.version())
        place.git(*(arg.format(n=world.serial) for arg in args), check=False)
        world.tell(f"user in {place.path.name}: git {' '.join(args)}")
    if args[0] == "add" and world.rng.random() < 0.7:
        for name in args[1:]:
            if (place.path / name).is_file():
                place.write(name, world.version())
                world.tell(f"user in {place.path.name}: and edits {name}")


def available(world: World, *, ignored: bool = True) -> dict[str, str]:
    """The objects that refs, HEADs, their logs and indexes reach, and files on disk as blobs,
    each with where it is.

    Ignored files are in no checkpoint, by intent: agents may overwrite them, and removals take them.
    """
    # What a git killed in `worktree add` leaves has no HEAD yet, and git stumbles over it.
    for head in (world.repo.path / ".git" / "worktrees").glob("*/HEAD"):
        if not head.read_text().strip("0\n"):
            shutil.rmtree(head.parent)
    found = dict.fromkeys(world.repo.git(*REACHABLE).split(), "in git")
    for place in world.places():
        files = on_disk(place)
        if not ignored:
            tracked = set(place.git("ls-files", "-z").split("\0"))
            for path in list(files):
                name = Path(path).relative_to(place.path)
                if name.parts[0] == IGNORED and name.as_posix() not in tracked:
                    del files[path]
        found |= {oid: path for path, oid in files.items() if oid not in found}
    for kept in moved_aside(world):
        found |= {oid: path for path, oid in on_disk(kept).items()}
    return found


def moved_aside(world: World) -> list[Repo]:
    """The folders of removed worktrees whose files could not be captured."""
    return [world.repo.at(at) for at in world.repo.path.parent.glob("*.worktrees/*.kept-*")]


def on_disk(place: Repo) -> dict[str, str]:
    found: dict[str, str] = {}
    for folder, folders, names in os.walk(place.path):
        if ".git" in folders:
            folders.remove(".git")
        for name in names:
            if name != ".git":
                path = Path(folder) / name
                content = path.read_bytes()
                header = b"blob %d\0" % len(content)
                found[str(path)] = hashlib.sha1(header + content).hexdigest()
    return found


def visible(world: World) -> tuple[object, ...]:
    """What must be as it was when an operation fails: files, branches, staged content."""
    files = [on_disk(place) for place in world.places()]
    branches = world.repo.git("for-each-ref", "refs/heads", "refs/tags", "refs/stash")
    return files, branches


# The operations of Athena. Each picks what it works on from the world; false: there was nothing.

Operation = Callable[[World], Awaitable[bool]]


async def at(world: World, place: Repo) -> Checkout:
    return (await discover(place.path, world.repo.environ)).checkout


async def some_checkout(world: World, *, linked: bool = False) -> Checkout:
    places = world.linked() if linked else world.places()
    return await at(world, world.rng.choice(places))


async def take_checkpoint(world: World) -> bool:
    await checkpoint.take(await some_checkout(world), world.rng.choice(world.agents))
    return True


async def turn(world: World) -> bool:
    """A whole turn: what an agent does between two checkpoints."""
    checkout = await some_checkout(world)
    place, agent = world.repo.at(checkout.root), world.rng.choice(world.agents)
    start = await checkpoint.take(checkout, agent, turn="t", edge="start")
    for _ in range(world.rng.randrange(1, 4)):
        write(world, place, agent)
    await checkpoint.take(checkout, agent, turn="t", edge="end", previous=start.commit)
    return True


async def revert_turns(world: World) -> bool:
    checkout = await some_checkout(world)
    ends = [point for point in await checkpoint.checkpoints(checkout) if point.edge == "end"]
    if not ends:
        return False
    chosen = sorted(world.rng.sample(range(len(ends)), world.rng.randint(1, min(2, len(ends)))))
    spans = [revert.Span(str(ends[n].previous), ends[n].commit) for n in chosen]
    await revert.revert(checkout, "ada", spans, "turns")
    return True


async def undo(world: World) -> bool:
    checkout = await some_checkout(world)
    done = await apply.applications(checkout)
    if done:
        await apply.undo(checkout, "ada", world.rng.choice(done))
    return bool(done)


async def judge(world: World) -> bool:
    """Accept some hunks of an agent into the user's files, or reject some."""
    if not world.linked():
        return False
    source = await some_checkout(world, linked=True)
    found = await changeset(source, "main", await tree_now(source))
    listed = await hunks_of(source, found.files)
    files = frozenset(f.id for f in found.files if world.rng.random() < 0.4)
    hunks = frozenset(h.id for each in listed for h in each.hunks if world.rng.random() < 0.4)
    selection = review.Selection(files, hunks)
    if not files and not hunks:
        return False
    if world.rng.random() < 0.5:
        await review.accept(source, await at(world, world.repo), "ada", found, selection)
    else:
        await review.reject(source, "ada", found, selection)
    return True


async def commit_all(world: World) -> bool:
    message = commit.Message("all of it", "ada", ("t",))
    await commit.commit_all(await some_checkout(world), message)
    return True


async def merge_branch(world: World) -> bool:
    listed = world.repo.git("for-each-ref", "--format=%(refname:short)", "refs/heads/")
    source, target = world.rng.choice(listed.split()), world.rng.choice(["main", *listed.split()])
    if source == target:
        return False
    strategy: merge.Strategy = world.rng.choice(["merge", "squash", "rebase"])
    request = merge.MergeRequest("ada", source, target, strategy)
    await merge.merge(await at(world, world.repo), request)
    return True


async def undo_merge(world: World) -> bool:
    checkout = await some_checkout(world)
    done = await moving.moves(checkout)
    if done:
        await moving.undo(checkout, "ada", world.rng.choice(done[-2:]))
    return bool(done)


async def resolve_conflicts(world: World) -> bool:
    if not world.linked():
        return False
    checkout = await some_checkout(world, linked=True)
    if (checkout.git_dir / "MERGE_HEAD").exists():
        await resolve.abandon(checkout, "ada")
    else:
        await resolve.begin(checkout, "ada", "main")
    return True


async def make(world: World) -> bool:
    if len(world.linked()) > 2:
        return False
    agent = world.rng.choice(world.agents)
    await create.create(create.Request("new", world.repo.path, agent, environ=world.repo.environ))
    return True


async def remove_one(world: World) -> bool:
    if not world.linked():
        return False
    force = standing.HAZARDS if world.rng.random() < 0.8 else ()
    checkout = await some_checkout(world, linked=True)
    await remove.remove(checkout, "ada", force=force, delete_branch=world.rng.random() < 0.5)
    return True


async def remove_vanished(world: World) -> bool:
    checkout = await at(world, world.repo)
    gone = [listed for listed in await worktrees(checkout) if listed.vanished is not None]
    for listed in gone:
        await vanished.remove_vanished(checkout, "ada", listed, force=standing.HAZARDS)
    return bool(gone)


async def restore_one(world: World) -> bool:
    checkout = await at(world, world.repo)
    kept = await rescue.rescues(checkout)
    if not kept or len(world.linked()) > 2:
        return False
    root = checkout.root.parent / "project.worktrees" / f"restored-{world.rng.randrange(10**9)}"
    await restore.restore(checkout, world.rng.choice(kept), root)
    return True


async def prune(world: World) -> bool:
    """With the policy that users get by default, which keeps all that is young."""
    policies = dict.fromkeys(world.agents, checkpoint.Policy())
    assert await checkpoint.prune(await at(world, world.repo), datetime.now(UTC), policies) == ()
    return True


OPERATIONS: tuple[tuple[int, Operation], ...] = (
    (3, take_checkpoint),
    (6, turn),
    (5, revert_turns),
    (3, undo),
    (4, judge),
    (3, commit_all),
    (5, merge_branch),
    (3, undo_merge),
    (2, resolve_conflicts),
    (3, make),
    (4, remove_one),
    (1, remove_vanished),
    (3, restore_one),
    (1, prune),
)


def perform(world: World, operation: Operation) -> bool:
    """Run one operation to its end, or kill it on the way; then look for what is missing."""
    name = getattr(operation, "__name__", "?")
    before = available(world, ignored=operation not in (remove_one, turn))
    seen = visible(world)
    if world.rng.random() < KILLED:
        number = world.rng.randrange(1, 16)
        how = world.rng.choice(["before", "with git", "without git"])
        ended = killed(world, operation, number, how, world.rng.random() * 0.004)
        world.tell(f"athena: {name}, {'done before' if ended else 'killed'} at git {number} {how}")
        # What the fork wrote has taken numbers that this process does not know of.
        world.serial += 100
        name += "" if ended else " killed"
    else:
        world.tell(f"athena: {name}")
        try:
            if not asyncio.run(operation(world)):  # pyright: ignore
                world.story.pop()
                return False
        except WorktreeError as error:
            world.tell(f"  {type(error).__name__}: {error.message}")
            name += " refused"
            if visible(world) != seen and operation not in (turn, remove_vanished):
                raise Lost(f"{type(error).__name__} left something half done: {error}") from error
    world.done[name] = world.done.get(name, 0) + 1
    # A tree that no commit has is the cache of an index, of which the files count.
    missing = {
        oid
        for oid in before.keys() - available(world).keys()
        if world.repo.git("cat-file", "-t", oid, check=False) != "tree"
    }
    if missing:
        told = [f"{before[oid]}: {oid} {content(world, oid)!r}" for oid in sorted(missing)]
        raise Lost(f"{name} lost {told}")
    return True


def content(world: World, oid: str) -> str:
    return world.repo.git("cat-file", "-p", oid, check=False)[:80]


def killed(world: World, operation: Operation, number: int, how: str, delay: float) -> bool:
    """Run an operation in a fork that dies at its git command `number`; true if it got done."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        code = 0
        try:
            with dying(number, how, delay, writer):
                asyncio.run(operation(world))  # pyright: ignore
        except WorktreeError:
            pass
        except BaseException:  # noqa: BLE001  a fork must end here, whatever happened
            traceback.print_exc()
            code = 1
        os._exit(code)
    os.close(writer)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reader) as pipe:
        left = pipe.read()
    if left:
        gone(int(left))
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise AssertionError("the operation broke")
    return os.WIFEXITED(status)


@contextmanager
def dying(number: int, how: str, delay: float, writer: int) -> Iterator[None]:
    """Kill this process at the given start of a program; git dies with it, or goes on alone."""
    start = asyncio.create_subprocess_exec
    count = 0

    async def counted(*args: str, **more: object) -> Process:
        nonlocal count
        count += 1
        if count == number and how == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        process = await start(*args, **more)  # pyright: ignore
        if count == number:
            if how == "with git":
                time.sleep(delay)
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            os.write(writer, str(process.pid).encode())
            os.kill(os.getpid(), signal.SIGKILL)
        return process

    asyncio.create_subprocess_exec = counted
    try:
        yield
    finally:
        asyncio.create_subprocess_exec = start


def gone(pid: int) -> None:
    """Wait until a process that was left alone has ended."""
    deadline = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists():
        with open(f"/proc/{pid}/stat") as file:
            if file.read().rpartition(")")[2].split()[0] == "Z":
                return
        if time.monotonic() > deadline:
            raise AssertionError(f"git {pid} hangs")
        time.sleep(0.001)


def live(world: World) -> None:
    """One random life of the repository."""
    weights = [weight for weight, _ in OPERATIONS]
    operations = [operation for _, operation in OPERATIONS]
    while sum(world.done.values()) < STEPS:
        for _ in range(world.rng.randrange(3)):
            place = world.rng.choice(world.places())
            if world.rng.random() < 0.3:
                use_git(world, place)
            else:
                write(world, place, "user")
        linked = world.linked()
        if linked and world.rng.random() < 0.03:
            victim = world.rng.choice(linked).path
            shutil.rmtree(victim)
            world.tell(f"user: rm -rf {victim.name}")
        perform(world, world.rng.choices(operations, weights)[0])
    if world.rng.random() < 0.1:
        collect_garbage(world)


def collect_garbage(world: World) -> None:
    """Have git delete all that it thinks nobody needs; what was there must survive even that."""
    world.repo.git("reflog", "expire", "--expire=now", "--all")
    before = available(world)
    world.repo.git("gc", "-q", "--prune=now")
    answers = world.repo.git("cat-file", "--batch-check", stdin="\n".join(before).encode())
    missing = {line.split()[0] for line in answers.split("\n") if line.endswith("missing")}
    for place in (*world.places(), *moved_aside(world)):
        missing.difference_update(on_disk(place).values())
    if missing:
        raise Lost(f"gone after git gc: {missing}")


def template(folder: Path) -> Repo:
    """The repository that every life begins with."""
    repo = Repo.make(folder / "project", folder / "home", "--template=")
    for name in FILES:
        repo.write(name, "".join(f"{name} {line}\n" for line in range(6)))
    repo.write(".gitignore", f"{IGNORED}\n")
    repo.commit("first")
    return repo


def main() -> int:
    """Run lives from `--seed` on; print what went wrong, with its story, and how to repeat it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--story", action="store_true", help="print the story of each run")
    options = parser.parse_args()
    memory = Path("/dev/shm")
    counts: dict[str, int] = {}
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        first = template(Path(name) / "template")
        for seed in range(options.seed, options.seed + options.runs):
            folder = Path(name) / "life"
            shutil.copytree(first.path.parent, folder)
            world = World(Repo(folder / "project", first.environ), random.Random(seed))
            try:
                live(world)
            except BaseException:
                print(f"seed {seed}:", *world.story, sep="\n")
                raise
            finally:
                for key, value in world.done.items():
                    counts[key] = counts.get(key, 0) + value
                shutil.rmtree(folder)
            if options.story:
                print(f"seed {seed}:", *world.story, sep="\n")
    print(
        f"{options.runs} lives, nothing lost:",
        ", ".join(f"{v} {k}" for k, v in sorted(counts.items())),
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
