"""What only the logs of refs still name: commits that were amended, reset, or left behind."""

from __future__ import annotations

from collections.abc import Sequence

from athena.worktree.repository import Checkout, Head


def logs_of(at: Head) -> list[str]:
    """The logs that end with a working tree: that of its HEAD, and of the branch it is on."""
    return ["HEAD"] if at.branch is None else ["HEAD", f"refs/heads/{at.branch}"]


async def log_tips(checkout: Checkout, names: Sequence[str]) -> list[str]:
    """Commits that only these logs still name: amended, reset, or made on a detached HEAD."""
    logged: dict[str, None] = {}
    for name in names:
        log = await checkout.git.run("rev-list", "--walk-reflogs", name, codes=(0, 128))
        if log.code == 0:
            logged |= dict.fromkeys(log.text.split())
    if not logged:
        return []
    query = "".join(f"{oid}\n" for oid in logged).encode()
    output = await checkout.git.run(
        "rev-list", "--parents", "--ignore-missing", "--stdin", "--not", "--all", stdin=query
    )
    lines = [line.split() for line in output.text.splitlines()]
    parents = {parent for line in lines for parent in line[1:]}
    return [line[0] for line in lines if line[0] not in parents]
