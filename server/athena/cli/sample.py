"""The demo's sample repository: the project that the built-in scenarios work on, with a commit."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from athena.scripted.sample import write_sample

AUTHOR = {
    "GIT_AUTHOR_NAME": "Athena demo",
    "GIT_AUTHOR_EMAIL": "demo@localhost",
    "GIT_COMMITTER_NAME": "Athena demo",
    "GIT_COMMITTER_EMAIL": "demo@localhost",
}


def make_sample(directory: Path) -> None:
    """Make the repository with one commit on `main`."""
    write_sample(directory)
    for arguments in (
        ("init", "-q", "-b", "main"),
        ("add", "."),
        ("commit", "-q", "--no-gpg-sign", "-m", "A basket of prices"),
    ):
        subprocess.run(
            ["git", "-C", str(directory), *arguments], check=True, env={**os.environ, **AUTHOR}
        )
