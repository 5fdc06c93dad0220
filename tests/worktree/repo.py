"""A real repository that a test works in, with git as a user calls it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from athena.worktree.repository import Checkout, discover

CONFIG = """
[user]
    name = Ada
    email = ada@example.org
[init]
    defaultBranch = main
[advice]
    detachedHead = false
"""


TEN = "".join(f"{n}\n" for n in range(1, 11))


@dataclass(frozen=True)
class Repo:
    """A working tree (or a bare repository) at `path`, and an environment that holds no surprise."""

    path: Path
    environ: Mapping[str, str]

    @classmethod
    def make(cls, path: Path, home: Path, *args: str) -> Repo:
        repo = cls(path, environment(home))
        path.mkdir(parents=True, exist_ok=True)
        repo.git("init", "-q", *args)
        return repo

    def git(self, *args: str, stdin: bytes | None = None, check: bool = True) -> str:
        """The output of git, as text that keeps every byte."""
        done = subprocess.run(
            ["git", *args],
            cwd=self.path,
            env=dict(self.environ),
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"git {args}: {os.fsdecode(done.stderr)}")
        return os.fsdecode(done.stdout).removesuffix("\n")

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def read(self, name: str) -> str:
        return os.fsdecode((self.path / name).read_bytes())

    def touch(self, name: str) -> None:
        """Make a file look newer than it is, as an editor does that saves it without a change."""
        path = self.path / name
        old = path.stat()
        os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns + 10**10))

    def submodule(self, path: str, other: Repo) -> None:
        """Check out a repository of this machine as a submodule; git takes none by itself."""
        allowed = ("-c", "protocol.file.allow=always")
        self.git(*allowed, "submodule", "add", "-q", str(other.path), path)

    def hook(self, name: str, text: str) -> None:
        self.write(f".git/hooks/{name}", f"#!/bin/sh\n{text}\n").chmod(0o755)

    def commit(self, message: str = "commit", **files: str) -> str:
        """Write files (`a__b="x"` is a/b), commit everything, and return the commit."""
        for name, content in files.items():
            self.write(name.replace("__", "/"), content)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def tree(self, revision: str) -> dict[str, str]:
        """The files of a commit or tree and what is in them."""
        names = [
            name
            for name in self.git("ls-tree", "-r", "-z", "--name-only", revision).split("\0")
            if name
        ]
        return {name: self.git("cat-file", "-p", f"{revision}:{name}") for name in names}

    def files(self) -> dict[str, str]:
        """The files on disk, without git's own; links as `-> target`."""
        found: dict[str, str] = {}
        for folder, folders, names in os.walk(self.path):
            if ".git" in folders:
                folders.remove(".git")
            links = [name for name in folders if (Path(folder) / name).is_symlink()]
            for name in (*names, *links):
                path = Path(folder) / name
                if name != ".git":
                    key = path.relative_to(self.path).as_posix()
                    found[key] = f"-> {path.readlink()}" if path.is_symlink() else self.read(key)
        return found

    def refs(self, pattern: str = "refs/athena/") -> list[str]:
        return self.git("for-each-ref", "--format=%(refname)", pattern).split()

    def at(self, path: Path) -> Repo:
        return Repo(path, self.environ)

    async def checkout(self) -> Checkout:
        return (await discover(self.path, self.environ)).checkout


def with_wrapped_git(environ: Mapping[str, str], folder: Path, line: str) -> dict[str, str]:
    """An environment in which the shell runs `line` before each git, which is `$real`.

    It stands for what else happens on a machine at that moment.
    """
    real = shutil.which("git", path=environ["PATH"])
    assert real is not None
    folder.mkdir()
    (folder / "git").write_text(f'#!/bin/sh\nreal={real}\n{line}\nexec "$real" "$@"\n')
    (folder / "git").chmod(0o755)
    return {**environ, "PATH": f"{folder}:{environ['PATH']}"}


def environment(home: Path) -> dict[str, str]:
    """What git gets to know: where programs are, and a home with a name in it."""
    home.mkdir(parents=True, exist_ok=True)
    (home / ".gitconfig").write_text(CONFIG)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ADVICE": "0",
    }
