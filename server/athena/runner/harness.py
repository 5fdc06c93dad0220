"""Starting the harness: its pipes, its own session, and the reason in words when it cannot be."""

from __future__ import annotations

import errno
import os

from . import system
from .lean import SIGNALS, Mapping, Sequence, signal

IGNORED_HERE = ("SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2")
"""Signals that a runner ignores; its harness must not inherit that."""

_IGNORED_BY_PYTHON = ("SIGPIPE", "SIGXFSZ")


class SpawnError(Exception):
    """The harness could not be started. `code` is the errno's name, such as `ENOENT`."""

    def __init__(self, words: str, code: str) -> None:
        super().__init__(words)
        self.code = code


class Harness:
    """A started harness: leader of its own session and group; our ends of its pipes."""

    __slots__ = ("pid", "start", "stderr", "stdin", "stdout")

    def __init__(self, pid: int, start: str, stdin: int, stdout: int, stderr: int) -> None:
        self.pid, self.start = pid, start
        self.stdin, self.stdout, self.stderr = stdin, stdout, stderr


def spawn(
    argv: Sequence[str], cwd: str, env: Mapping[str, str], *, merge_stderr: bool, umask: int
) -> Harness:
    """Start `argv` (found on the PATH of `env`) in `cwd`; `SpawnError` says why it cannot be.

    With `merge_stderr` both outputs share one pipe and `stderr` is -1.
    """
    theirs_in, ours_in = os.pipe()
    ours_out, theirs_out = os.pipe()
    ours_err, theirs_err = (-1, theirs_out) if merge_stderr else os.pipe()
    failed, report = os.pipe()
    theirs = {theirs_in, theirs_out, theirs_err, report}
    try:
        pid = os.fork()
    except OSError as error:
        _close({ours_in, ours_out, ours_err, failed} | theirs)
        raise SpawnError(f"no process could be made: {error.strerror}", _name(error)) from error
    if pid == 0:
        _become(argv, cwd, env, (theirs_in, theirs_out, theirs_err), umask, report)
    _close(theirs)
    told = os.read(failed, 64)
    os.close(failed)
    if told:
        os.waitpid(pid, 0)
        _close({ours_in, ours_out, ours_err})
        stage, number = told.decode().split()
        raise _spawn_error(stage, int(number), argv[0], cwd, env)
    for descriptor in {ours_in, ours_out, ours_err} - {-1}:
        os.set_blocking(descriptor, False)
    # None only if it has ended already; the pid is still held by our unreaped child then.
    return Harness(pid, system.start_time(pid) or "", ours_in, ours_out, ours_err)


def _become(
    argv: Sequence[str],
    cwd: str,
    env: Mapping[str, str],
    stdio: tuple[int, int, int],
    umask: int,
    report: int,
) -> None:
    """In the forked child: turn into the harness, or report which step failed and never return."""
    stage = "cwd"
    try:
        os.setsid()
        for target, source in enumerate(stdio):
            os.dup2(source, target)
        for name in (*IGNORED_HERE, *_IGNORED_BY_PYTHON):
            signal.signal(SIGNALS[name], signal.SIG_DFL)
        os.umask(umask)
        os.chdir(cwd)
        stage = "exec"
        os.execvpe(argv[0], list(argv), dict(env))
    except OSError as error:
        os.write(report, b"%s %d" % (stage.encode(), error.errno or errno.EINVAL))
    except ValueError:  # a NUL byte in an argument or in the environment
        os.write(report, b"%s %d" % (stage.encode(), errno.EINVAL))
    finally:
        os._exit(127)


def _spawn_error(
    stage: str, number: int, program: str, cwd: str, env: Mapping[str, str]
) -> SpawnError:
    code = errno.errorcode.get(number, str(number))
    if stage == "cwd":
        return SpawnError(f"cannot work in the directory {cwd}: {os.strerror(number)}", code)
    if number == errno.ENOENT and "/" not in program:
        path = env.get("PATH", os.defpath)
        return SpawnError(f"{program} was not found; PATH is {path}", code)
    if number == errno.ENOENT and os.path.exists(os.path.join(cwd, program)):
        return SpawnError(f"{program} names an interpreter that does not exist (first line)", code)
    words = {
        errno.ENOENT: "does not exist",
        errno.EACCES: "is not executable (or its folder may not be entered)",
        errno.ENOEXEC: "is no program for this machine (wrong format, or no #! line)",
        errno.E2BIG: "has more arguments and environment than the system takes",
        errno.EINVAL: "has a NUL character in its arguments or environment",
    }
    return SpawnError(f"{program} {words.get(number, 'cannot run: ' + os.strerror(number))}", code)


def _close(descriptors: set[int]) -> None:
    for descriptor in descriptors - {-1}:
        os.close(descriptor)


def _name(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, str(error.errno))
