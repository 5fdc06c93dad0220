"""Worktrees and checkpoints of a repository of yours, against plain git commands.

    python -m bench.real PATH [--json]

The repository is cloned into a temporary folder first, so nothing of it is touched. Each
measurement is taken in turns with its baseline; the ratio is the median of pairs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from athena.worktree.changeset import changeset, hunks_of
from athena.worktree.checkpoint import take
from athena.worktree.repository import Checkout
from athena.worktree.snapshot import tree_now
from bench.worktree import IDENTITY, Lab, Row, measure_worktrees, pairs, table

EDITS = 200


def cloned(source: Path, folder: Path) -> Lab:
    """A clone to measure in, with a home that holds no surprise."""
    home = folder / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(IDENTITY)
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}
    lab = Lab(folder / "clone", env)
    subprocess.run(["git", "clone", "-q", str(source), str(lab.root)], env=env, check=True)
    return lab


def edited(lab: Lab, files: list[str]) -> None:
    """Half of the edits change a file, the other half make one."""
    rng = random.Random(1)
    for number, name in enumerate(rng.sample(files, EDITS // 2)):
        with (lab.root / name).open("ab") as file:
            file.write(b"edited\n")
        (lab.root / f"new-{number}.txt").write_text(f"new {number}\n" * 50)


async def measure_checkpoints(lab: Lab, checkout: Checkout, files: list[str]) -> list[Row]:
    """Checkpoints of a clean tree, and of one with edits and new files."""

    async def point() -> None:
        await take(checkout, "bench")

    status = lab.plain("git status --porcelain")
    rows = [await pairs("checkpoint, nothing changed", point, "git status", status)]
    edited(lab, files)
    again = f"checkpoint, {EDITS} files changed, again"
    rows.append(await pairs(again, point, "git status", status))
    index, saved = lab.root / ".git" / "index", lab.root.parent / "index"
    shutil.copy2(index, saved)
    head = lab.git("rev-parse", "HEAD").decode().strip()

    async def undo() -> None:
        lab.git("update-ref", "HEAD", head)
        shutil.copy2(saved, index)
        for kept in (lab.root / ".git" / "athena").glob("snapshot-*"):
            kept.unlink()

    commit = lab.plain("git add -A", "git commit -q -m x")
    first = f"checkpoint, {EDITS} files changed, first"
    rows.append(await pairs(first, point, "git add -A && git commit", commit, undo))
    base, now = await checkout.git.text("rev-parse", "HEAD^{tree}"), await tree_now(checkout)

    async def hunks() -> None:
        found = await changeset(checkout, base, now)
        assert len(await hunks_of(checkout, found.files)) == len(found.files) > 0

    diff = lab.plain(f"git diff -M {base} {now}")
    rows.append(await pairs(f"changeset of {EDITS} files, with hunks", hunks, "git diff", diff))
    return rows


async def measure(source: Path) -> dict[str, list[Row]]:
    """All numbers, and how large the repository is."""
    with tempfile.TemporaryDirectory(prefix="athena-bench-") as name:
        lab = cloned(source, Path(name))
        files = [os.fsdecode(one) for one in lab.git("ls-files", "-z").split(b"\0") if one]
        plain = [one for one in files if not (lab.root / one).is_symlink()]
        size = sum((lab.root / one).lstat().st_size for one in files)
        checkout = await lab.checkout()
        return {
            "repository": [{"files": len(files), "megabytes": size >> 20}],
            "checkpoints": await measure_checkpoints(lab, checkout, plain),
            "worktrees": await measure_worktrees(lab),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repository", type=Path)
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    options = parser.parse_args()
    measured = asyncio.run(measure(options.repository))
    if options.json:
        sys.stdout.write(json.dumps(measured, indent=2) + "\n")
        return
    sys.stdout.write("\n".join(table(title, rows) for title, rows in measured.items()))


if __name__ == "__main__":
    main()
