"""Moving a worktree's folder out of the way when it must go and not all of it could be kept."""

from __future__ import annotations

import time
from pathlib import Path

from athena.worktree.git import Git
from athena.worktree.repository import Checkout


async def move_aside(checkout: Checkout, common: Git) -> Path:
    """Leave the files under another name, and let git forget the worktree; the new folder."""
    aside = checkout.root.with_name(f"{checkout.root.name}.kept-{time.strftime('%Y%m%d-%H%M%S')}")
    checkout.root.rename(aside)
    await common.run("worktree", "remove", "--force", "--force", str(checkout.root))
    return aside
