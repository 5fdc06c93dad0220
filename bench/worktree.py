"""Worktrees, checkpoints, changesets, collisions and line origins against plain git commands.

    python -m bench.worktree           tables
    python -m bench.worktree --json    the same numbers for a machine

The repository has 50,000 files in 2,000 folders. Each measurement is taken in turns with its
baseline, which is what a user would type for the nearest thing; the ratio is the median of pairs.
What Athena does more than the baseline: a checkpoint holds untracked files and leaves index and
HEAD alone; a changeset comes as objects with stable ids; a scan tells lines as well as conflicts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from athena.worktree.blame import LineHistory, Turn
from athena.worktree.changeset import changeset, hunks_of
from athena.worktree.checkpoint import take
from athena.worktree.collisions import CollisionScanner, Live
from athena.worktree.create import Request, create
from athena.worktree.remove import remove
from athena.worktree.repository import Checkout, discover
from athena.worktree.revert import Span, revert
from athena.worktree.snapshot import tree_now

FILES = 50_000
CHANGED = 5_000
WORKTREES = 20
LINES, TURNS = 10_000, 500
PAIRS = 3
IDENTITY = "[user]\n\tname = Bench\n\temail = bench@localhost\n[init]\n\tdefaultBranch = main\n"

Act = Callable[[], Awaitable[object]]
Row = dict[str, object]


@dataclass(frozen=True)
class Lab:
    """A repository to measure in, and how git runs in it."""

    root: Path
    env: dict[str, str]

    def git(self, *args: str, cwd: Path | None = None, stdin: bytes | None = None) -> bytes:
        done = subprocess.run(
            ["git", *args],
            cwd=cwd or self.root,
            env=self.env,
            input=stdin,
            capture_output=True,
            check=True,
        )
        return done.stdout

    def plain(self, *commands: str, cwd: Path | None = None) -> Act:
        """The baseline: a line for the shell."""
        line = " && ".join(commands)

        async def act() -> None:
            process = await asyncio.create_subprocess_shell(
                line,
                cwd=cwd or self.root,
                env=self.env,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
            assert await process.wait() == 0, line

        return act

    async def checkout(self, path: Path | None = None) -> Checkout:
        return (await discover(path or self.root, self.env)).checkout


async def timed(act: Act) -> float:
    began = time.perf_counter()
    await act()
    return (time.perf_counter() - began) * 1000


async def pairs(what: str, ours: Act, baseline: str, plain: Act, after: Act | None = None) -> Row:
    """A row: both measured in turns; `after` makes good what one of them changed."""
    times: list[tuple[float, float]] = []
    for _ in range(PAIRS):
        mine = await timed(ours)
        if after is not None:
            await after()
        theirs = await timed(plain)
        if after is not None:
            await after()
        times.append((mine, theirs))
    return row(what, baseline, times)


def row(what: str, baseline: str, times: list[tuple[float, float]]) -> Row:
    """Medians of pairs of milliseconds, ours and the baseline's."""
    return {
        "what": what,
        "ms": round(statistics.median(mine for mine, _ in times), 1),
        "baseline": baseline,
        "baseline_ms": round(statistics.median(theirs for _, theirs in times), 1),
        "ratio": round(statistics.median(mine / theirs for mine, theirs in times), 2),
    }


def path_of(number: int) -> str:
    return f"pkg{number % 50}/mod{number // 50 % 40}/file{number}.py"


def text_of(number: int, edit: str = "") -> str:
    lines = [f"value_{number}_{line} = {line * number}\n" for line in range(30)]
    if edit:
        lines[7] = f"edit = {edit!r}\n"
    return "".join(lines)


def large_repository(folder: Path) -> Lab:
    """Fifty thousand small files, in one commit."""
    home = folder / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(IDENTITY)
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}
    lab = Lab(folder / "large", env)
    lab.root.mkdir()
    lab.git("init", "-q")
    lab.git("fast-import", "--quiet", stdin="".join(import_stream()).encode())
    lab.git("reset", "-q", "--hard", "main")
    return lab


def import_stream() -> Iterator[str]:
    yield "commit refs/heads/main\ncommitter Bench <bench@localhost> 0 +0000\ndata 5\nfirst\n"
    for number in range(FILES):
        text = text_of(number)
        yield f"M 100644 inline {path_of(number)}\ndata {len(text)}\n{text}\n"


async def measure_worktrees(lab: Lab) -> list[Row]:
    """Creation of a worktree, and its removal with everything in it kept."""
    request = Request("new", lab.root, "bench", location="../made", environ=lab.env)
    made = lab.root.parent / "made"
    clean = lab.plain(
        "rm -rf ../made", "git worktree prune", "git branch -D -q athena/bench || true"
    )
    add = lab.plain("git worktree add -q -b athena/bench ../made")
    rows = [
        await pairs("create a worktree", lambda: create(request), "git worktree add", add, clean)
    ]

    async def remove_made() -> None:
        await remove(await lab.checkout(made), "bench")

    times: list[tuple[float, float]] = []
    for _ in range(PAIRS):
        await add()
        mine = await timed(remove_made)
        await clean()
        await add()
        times.append((mine, await timed(lab.plain("git worktree remove ../made"))))
        await clean()
    rows.append(row("remove a worktree, kept by a rescue", "git worktree remove", times))
    return rows


async def measure_checkpoints(lab: Lab) -> list[Row]:
    """Checkpoints of 50,000 files: of a clean tree, and with edits and new files."""
    checkout = await lab.checkout()

    async def point() -> None:
        await take(checkout, "bench")

    status = lab.plain("git status --porcelain")
    rows = [await pairs("checkpoint, nothing changed", point, "git status", status)]
    for number in range(100):
        (lab.root / path_of(number * 37)).write_text(text_of(number * 37, "dirty"))
        (lab.root / f"new{number}.txt").write_text(f"new {number}\n" * 50)
    rows.append(await pairs("checkpoint, 200 files changed, again", point, "git status", status))
    index = lab.root / ".git" / "index"
    saved = lab.root.parent / "index"
    shutil.copy2(index, saved)
    head = lab.git("rev-parse", "HEAD").decode().strip()

    async def undo() -> None:
        lab.git("update-ref", "refs/heads/main", head)
        shutil.copy2(saved, index)
        for kept in (lab.root / ".git" / "athena").glob("snapshot-*"):
            kept.unlink()

    commit = lab.plain("git add -A", "git commit -q -m x")
    what = "checkpoint, 200 files changed, first"
    rows.append(await pairs(what, point, "git add -A && git commit", commit, undo))
    start = await take(checkout, "bench")
    for number in range(50):
        path = lab.root / path_of(number * 41 + 5)
        path.write_text(text_of(number * 41 + 5, "turn"))
    end = await take(checkout, "bench")

    async def back() -> None:
        await revert(checkout, "bench", [Span(start.commit, end.commit)], "turn")

    async def again() -> None:
        for number in range(50):
            (lab.root / path_of(number * 41 + 5)).write_text(text_of(number * 41 + 5, "turn"))

    stash = lab.plain("git stash -q -u", "git stash pop -q")
    rows.append(
        await pairs("revert a turn of 50 files", back, "git stash && git stash pop", stash, again)
    )
    lab.git("reset", "-q", "--hard")
    lab.git("clean", "-q", "-f", "-d")
    return rows


async def measure_changesets(lab: Lab) -> list[Row]:
    """A changeset of 5,000 files."""
    checkout = await lab.checkout()
    base = await tree_now(checkout)
    for number in range(CHANGED):
        (lab.root / path_of(number * 10)).write_text(text_of(number * 10, "changed"))
    head = await tree_now(checkout)

    async def summary() -> None:
        assert len((await changeset(checkout, base, head)).files) == CHANGED

    found = await changeset(checkout, base, head)

    async def hunks() -> None:
        assert len(await hunks_of(checkout, found.files)) == CHANGED

    stat = lab.plain(f"git diff --stat -M {base} {head}")
    patch = lab.plain(f"git diff -M {base} {head}")
    rows = [
        await pairs("summary of 5,000 files", summary, "git diff --stat", stat),
        await pairs("all hunks of 5,000 files", hunks, "git diff", patch),
    ]
    one = [found.files[0]]
    name = one[0].path
    alone = lab.plain(f"git diff {base} {head} -- {name}")
    rows.append(
        await pairs("hunks of one file", lambda: hunks_of(checkout, one), "git diff -- FILE", alone)
    )
    lab.git("reset", "-q", "--hard")
    return rows


async def measure_collisions(lab: Lab) -> list[Row]:
    """Twenty worktrees that each changed 50 files, some of them the same."""
    rng = random.Random(1)
    checkout = await lab.checkout()
    base = lab.git("rev-parse", "HEAD").decode().strip()
    live: list[Live] = []
    commits: list[str] = []
    for agent in range(WORKTREES):
        changed = rng.sample(range(600), 50)
        for number in changed:
            (lab.root / path_of(number)).write_text(text_of(number, f"agent {agent}"))
        tree = await tree_now(checkout)
        live.append(Live(f"agent{agent}", base, tree))
        commits.append(lab.git("commit-tree", tree, "-p", base, "-m", "x").decode().strip())
        for number in changed:
            (lab.root / path_of(number)).write_text(text_of(number))
    merges = [f"git merge-tree --write-tree {a} {b}" for a, b in combinations(commits, 2)]
    every = lab.plain(*(f"({line} || true)" for line in merges))
    scanner = CollisionScanner(checkout)

    async def first() -> None:
        nonlocal scanner
        scanner = CollisionScanner(checkout)
        assert await scanner.scan(live)

    rows = [await pairs("first scan of 20 worktrees", first, "git merge-tree of 190 pairs", every)]
    edit = 0

    async def one_changed() -> None:
        nonlocal edit
        edit += 1
        number = rng.randrange(600)
        (lab.root / path_of(number)).write_text(text_of(number, f"again {edit}"))
        tree = await tree_now(checkout)
        (lab.root / path_of(number)).write_text(text_of(number))
        await scanner.scan([Live("agent0", base, tree), *live[1:]])

    few = lab.plain("git status --porcelain", *(f"({line} || true)" for line in merges[:19]))
    what = "one agent wrote a file: its tree, and scan again"
    rows.append(await pairs(what, one_changed, "git status, git merge-tree of 19 pairs", few))

    async def nothing_changed() -> None:
        await scanner.scan(live)

    await nothing_changed()
    rows.append(
        await pairs(
            "scan again, nothing changed", nothing_changed, "git merge-tree of 190 pairs", every
        )
    )
    return rows


async def measure_origins(folder: Path, env: dict[str, str]) -> list[Row]:
    """A file of 10,000 lines after 500 turns, and the same history as commits for git blame."""
    lab = Lab(folder / "long", env)
    lab.root.mkdir()
    lab.git("init", "-q")
    rng = random.Random(1)
    lines = [f"{number} {rng.random()}\n" for number in range(LINES)]
    stream: list[str] = []
    for turn in range(TURNS + 1):
        for _ in range(rng.randrange(1, 6) if turn else 0):
            lines[rng.randrange(len(lines))] = f"turn {turn} {rng.random()}\n"
        text = "".join(lines)
        stream.append(f"commit refs/heads/main\ncommitter B <b@x> {turn} +0000\ndata 0\n")
        stream.append(f"M 100644 inline f\ndata {len(text)}\n{text}\n")
    lab.git("fast-import", "--quiet", stdin="".join(stream).encode())
    lab.git("reset", "-q", "--hard", "main")
    commits = lab.git("rev-list", "--reverse", "main").decode().split()
    turns = [Turn(str(n), commits[n], commits[n + 1]) for n in range(TURNS)]
    checkout = await lab.checkout()
    history = LineHistory(checkout)
    text, typed = "".join(lines), 0

    async def cold() -> None:
        nonlocal history
        history = LineHistory(checkout)
        assert len((await history.origins(turns, "f", text)).lines) == LINES

    async def hover() -> None:
        nonlocal typed
        typed += 1
        buffer = "".join([*lines[:5000], f"typing {typed}\n", *lines[5000:]])
        assert (await history.origins(turns, "f", buffer)).line(5001).kind == "since"

    async def grow() -> None:
        # What a turn that ends costs: the history is known but for the last turn.
        known = LineHistory(checkout)
        await known.follow(turns[:-1], "f")
        began.append(time.perf_counter())
        await known.follow(turns, "f")
        began.append(time.perf_counter())

    blame = lab.plain("git blame --porcelain f")
    rows = [
        await pairs("500 turns, first look", cold, "git blame of 500 commits", blame),
        await pairs("hover over unsaved text", hover, "git blame of 500 commits", blame),
    ]
    began: list[float] = []
    for _ in range(PAIRS):
        await grow()
    each = [(end - start) * 1000 for start, end in zip(began[::2], began[1::2], strict=True)]
    rows.append({**rows[1], "what": "one more turn", "ms": round(statistics.median(each), 1)})
    rows[-1]["ratio"] = round(statistics.median(each) / float(str(rows[-1]["baseline_ms"])), 2)
    return rows


async def measure() -> dict[str, list[Row]]:
    """All numbers of this file, in the order of the tables."""
    with tempfile.TemporaryDirectory(prefix="athena-bench-") as name:
        folder = Path(name)
        lab = large_repository(folder)
        return {
            "worktrees": await measure_worktrees(lab),
            "checkpoints": await measure_checkpoints(lab),
            "changesets": await measure_changesets(lab),
            "collisions": await measure_collisions(lab),
            "origins": await measure_origins(folder, lab.env),
        }


def table(title: str, rows: list[Row]) -> str:
    """Markdown, one row per measurement."""
    names = list(rows[0])
    lines = [f"### {title}", "", "| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    lines += ["| " + " | ".join(str(row[name]) for name in names) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="measure the git side")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    options = parser.parse_args()
    measured = asyncio.run(measure())
    if options.json:
        sys.stdout.write(json.dumps(measured, indent=2) + "\n")
        return
    for title, rows in measured.items():
        sys.stdout.write(table(title, rows) + "\n")


if __name__ == "__main__":
    main()
