"""Running git: one environment for our own plumbing, another for what the user asked for.

Plumbing sees no hook, pager, editor, prompt, file-system monitor or locale of the user, and takes
every path literally. Porcelain (`user`) runs as the user would run it, with hooks and signing, but
never waits for a terminal.
"""

from __future__ import annotations

import asyncio
import codecs
import os
import shutil
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TypeVar

from athena.worktree import errors
from athena.worktree.failures import failure
from athena.worktree.process import run

PLUMBING_SECONDS = 300.0
USER_SECONDS = 1800.0
HALF_MADE_SECONDS = 10.0
HALF_MADE_PAUSE = 0.05
MAKING = ("worktree", "add")
T = TypeVar("T")

# Variables that would make git look at another repository, index or configuration than we say.
REDIRECTING = frozenset(
    {
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_INDEX_VERSION",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_NAMESPACE",
        "GIT_PREFIX",
        "GIT_QUARANTINE_PATH",
        "GIT_SHALLOW_FILE",
        "GIT_GRAFT_FILE",
        "GIT_REPLACE_REF_BASE",
        "GIT_DEFAULT_HASH",
        "GIT_EXTERNAL_DIFF",
        "GIT_DIFF_OPTS",
        "GIT_LITERAL_PATHSPECS",
        "GIT_GLOB_PATHSPECS",
        "GIT_NOGLOB_PATHSPECS",
        "GIT_ICASE_PATHSPECS",
        "GIT_TRACE",
        "GIT_TRACE2",
        "GIT_TRACE2_EVENT",
        "GIT_TRACE2_PERF",
        "GIT_TRACE_SETUP",
        "GIT_OPTIONAL_LOCKS",
        "GIT_EXEC_PATH",
        "GIT_CONFIG",
        "GIT_CONFIG_PARAMETERS",
    }
)

QUIET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_EDITOR": ":",
    "GIT_SEQUENCE_EDITOR": ":",
    "GIT_PAGER": "cat",
    "PAGER": "cat",
    "GIT_MERGE_AUTOEDIT": "no",
}

PLUMBING_CONFIG = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.quotePath=false",
    "core.splitIndex=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "merge.directoryRenames=false",
    "merge.conflictStyle=diff3",
    "submodule.recurse=false",
    "trailer.separators=:",
)

# Where git-lfs is configured but not installed, git could neither check out nor capture the files
# it is for. Without the filter they are what they are on the disk: pointers, or whole.
WITHOUT_LFS = (
    "filter.lfs.required=false",
    "filter.lfs.smudge=",
    "filter.lfs.clean=",
    "filter.lfs.process=",
)

OnText = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Output:
    """What git printed; `code` is one of the exit codes the caller said to expect."""

    code: int
    stdout: bytes
    stderr: str

    @property
    def text(self) -> str:
        return decode(self.stdout).rstrip("\n")

    @property
    def records(self) -> list[str]:
        """The NUL-separated records of a `-z` output."""
        return [decode(record) for record in self.stdout.split(b"\0") if record]


@dataclass(frozen=True, slots=True)
class Git:
    """Git in one directory. `environ` is the user's environment; None means this process's."""

    cwd: Path
    environ: Mapping[str, str] | None = None
    index: Path | None = None

    @property
    def search_path(self) -> str:
        """Where programs are looked for."""
        return (os.environ if self.environ is None else self.environ).get("PATH", "")

    def with_index(self, index: Path) -> Git:
        """The same, with another index file."""
        return replace(self, index=index)

    async def run(
        self,
        *args: str,
        stdin: bytes | None = None,
        config: Collection[str] = (),
        codes: Collection[int] = (0,),
        env: Mapping[str, str] | None = None,
        seconds: float = PLUMBING_SECONDS,
        on_text: OnText | None = None,
    ) -> Output:
        """Run plumbing. Exit codes outside `codes` raise the fitting `WorktreeError`."""
        argv = ["git"]
        lfs = () if has_lfs(self.search_path) else WITHOUT_LFS
        for setting in (*PLUMBING_CONFIG, *lfs, *config):
            argv += ("-c", setting)
        argv += args
        variables = plumbing_environment(self.environ)
        if self.index is not None:
            variables["GIT_INDEX_FILE"] = str(self.index)
        variables.update(env or {})
        return await self._execute(argv, args, variables, codes, stdin, seconds, on_text)

    async def text(self, *args: str, stdin: bytes | None = None) -> str:
        """The output of plumbing, decoded, without the last newline."""
        return (await self.run(*args, stdin=stdin)).text

    async def user(
        self,
        *args: str,
        stdin: bytes | None = None,
        config: Collection[str] = (),
        codes: Collection[int] = (0,),
        env: Mapping[str, str] | None = None,
        seconds: float = USER_SECONDS,
        on_text: OnText | None = None,
    ) -> Output:
        """Run porcelain as the user would: hooks, signing, credentials. `on_text` gets progress."""
        argv = ["git"]
        for setting in config:
            argv += ("-c", setting)
        argv += args
        variables = user_environment(self.environ)
        variables.update(env or {})
        return await self._execute(argv, args, variables, codes, stdin, seconds, on_text)

    async def _execute(
        self,
        argv: list[str],
        args: tuple[str, ...],
        env: Mapping[str, str],
        codes: Collection[int],
        stdin: bytes | None,
        seconds: float,
        on_text: OnText | None,
    ) -> Output:
        async def once() -> Output:
            return await self._once(argv, args, env, codes, stdin, seconds, on_text)

        # A command that makes a worktree has done half of it by then: whoever gave it must know.
        return await (once() if args[:2] == MAKING else patiently(once))

    async def _once(
        self,
        argv: list[str],
        args: tuple[str, ...],
        env: Mapping[str, str],
        codes: Collection[int],
        stdin: bytes | None,
        seconds: float,
        on_text: OnText | None,
    ) -> Output:
        try:
            ended = await run(
                argv,
                cwd=self.cwd,
                env=env,
                stdin=stdin,
                seconds=seconds,
                on_output=None if on_text is None else as_text(on_text),
            )
        except OSError as error:
            raise _not_started(self.cwd, error) from error
        output = Output(ended.code, ended.stdout, ended.stderr.decode(errors="replace"))
        if ended.timed_out:
            raise errors.GitTimeout(
                f"git {args[0]} did not end within {seconds:g} s in {self.cwd}.",
                advice="Look for a hook, a credential prompt or a slow disk that holds it.",
                detail=output.stderr.strip(),
            )
        if ended.code == 0 and 0 in codes:
            return output
        error = failure(args, ended, self.cwd)
        if ended.code not in codes or isinstance(error, errors.HalfMade):
            raise error
        return output


async def patiently(attempt: Callable[[], Awaitable[T]]) -> T:
    """What `attempt` gives, once no worktree of the repository is half made.

    Git refuses to look at any worktree of a repository in the moment in which another git makes
    one. Raises `HalfMade` when that does not pass.
    """
    deadline = time.monotonic() + HALF_MADE_SECONDS
    while True:
        try:
            return await attempt()
        except errors.HalfMade:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(HALF_MADE_PAUSE)


@cache
def has_lfs(search_path: str) -> bool:
    """Whether git-lfs is installed."""
    return shutil.which("git-lfs", path=search_path) is not None


def as_text(on_text: OnText) -> Callable[[bytes], None]:
    """A callback for bytes that hands on text; a character may come in two pieces."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    return lambda chunk: on_text(decoder.decode(chunk))


def decode(raw: bytes) -> str:
    """Bytes of git as text; what is not UTF-8 is kept as surrogates, as `os.fsdecode` does."""
    return raw.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """The inverse of `decode`."""
    return text.encode("utf-8", "surrogateescape")


def plumbing_environment(environ: Mapping[str, str] | None) -> dict[str, str]:
    """The environment of our own git commands."""
    kept = _kept(environ)
    for name in [n for n in kept if n == "LANGUAGE" or n.startswith("LC_")]:
        del kept[name]
    return kept | QUIET | {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_LITERAL_PATHSPECS": "1"}


def user_environment(environ: Mapping[str, str] | None) -> dict[str, str]:
    """The environment of commands the user asked for: theirs, without prompts on a terminal.

    Only the language of messages is ours, since they are read; hooks keep the character set. The
    program for ssh is the user's (`core.sshCommand` too): without a terminal it cannot ask.
    """
    kept = _kept(environ)
    kept.pop("LANGUAGE", None)
    if charset := kept.pop("LC_ALL", None):
        kept["LC_CTYPE"] = charset
    kept["LC_MESSAGES"] = "C"
    return kept | QUIET


def _kept(environ: Mapping[str, str] | None) -> dict[str, str]:
    source = os.environ if environ is None else environ
    return {name: value for name, value in source.items() if name not in REDIRECTING}


def _not_started(cwd: Path, error: OSError) -> errors.WorktreeError:
    if not cwd.is_dir():
        return errors.NotARepository(
            f"{cwd} is not there.", advice="Restore the folder, or choose another one."
        )
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return errors.GitMissing(
            "git is not installed, or not on PATH.", advice="Install git 2.39 or later."
        )
    return errors.GitMissing(
        f"git could not be started in {cwd}: {error.strerror}.",
        advice="See what the folder and the machine allow.",
    )
