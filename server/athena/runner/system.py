"""What a platform does differently, in one place: processes and their identity, boots, peers.

A process is identified by its pid *and* its start time: pids are used again, the pair is not.
Linux reads `/proc`; macOS asks `ps`, which says the same more slowly.
"""

from __future__ import annotations

import os
import sys

from .lean import signal, socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    import resource

LINUX = sys.platform == "linux"


class Process:
    """One process at the moment of a snapshot. `marked`: its environment names the run."""

    __slots__ = ("group", "marked", "parent", "pid", "session", "start")

    def __init__(
        self, pid: int, parent: int, group: int, session: int, start: str, marked: bool
    ) -> None:
        self.pid, self.parent, self.group, self.session = pid, parent, group, session
        self.start, self.marked = start, marked


def boot_id() -> str:
    """Changes with every boot of the machine; empty where the system does not say."""
    if LINUX:
        return _read("/proc/sys/kernel/random/boot_id").decode().strip()
    return _ask(["sysctl", "-n", "kern.bootsessionuuid"]).strip()


def start_time(pid: int) -> str | None:
    """When process `pid` started, as an opaque text; `None` if it does not run (or is a zombie).

    Linux: field 22 of `/proc/PID/stat`, in clock ticks since boot (proc(5)).
    """
    if LINUX:
        process = _from_proc(pid, b"")
        return process.start if process else None
    for process in ask_ps(["-p", str(pid)], ""):
        return process.start
    return None


def snapshot(mark: str) -> list[Process]:
    """All live processes that this user may look at; `mark` is `NAME=value` of an environment."""
    if not LINUX:
        return ask_ps(["-ax"], mark)
    found: list[Process] = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            process = _from_proc(int(name), mark.encode())
            if process:
                found.append(process)
    return found


def send_signal(pid: int, start: str, number: int) -> bool:
    """Signal a process only if it still is the one that started then. False: it is gone.

    On Linux a pidfd is opened first and the identity checked after, so no later process that is
    given the same pid can be hit. Where there is no pidfd, a gap of microseconds remains.
    """
    try:
        descriptor = _open_pidfd(pid)
        try:
            if start_time(pid) != start:
                return False
            if descriptor is None:
                os.kill(pid, number)
            else:
                signal.pidfd_send_signal(descriptor, number)
            return True
        finally:
            if descriptor is not None:
                os.close(descriptor)
    except (ProcessLookupError, PermissionError):
        return False


class Child:
    """A child of ours, reaped as late as can be: until then nobody else gets its pid or group.

    macOS before Python 3.13 cannot look without reaping. There the pid is free as soon as the end
    is noticed, and only its not being used again within seconds protects others.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._end: tuple[int, resource.struct_rusage] | None = None

    def has_exited(self) -> bool:
        """Whether it has ended."""
        if hasattr(os, "waitid"):
            how = os.WEXITED | os.WNOHANG | os.WNOWAIT
            return os.waitid(os.P_PID, self.pid, how) is not None
        pid, status, usage = os.wait4(self.pid, os.WNOHANG)
        if pid:
            self._end = status, usage
        return bool(pid)

    def reap(self) -> tuple[int, resource.struct_rusage]:
        """Its wait status and the resources it used; waits for its end."""
        if self._end is None:
            _, status, usage = os.wait4(self.pid, 0)
            self._end = status, usage
        return self._end


def peer_uid(connection: socket.socket) -> int:
    """The user at the other end of a Unix socket. Linux: unix(7); macOS: `LOCAL_PEERCRED`."""
    if LINUX:
        told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    else:
        told = connection.getsockopt(0, 0x001, 76)
    return int.from_bytes(told[4:8], sys.byteorder)


def max_rss_bytes(ru_maxrss: int) -> int:
    """getrusage(2): kilobytes on Linux, bytes on macOS."""
    return ru_maxrss * 1024 if LINUX else ru_maxrss


def sync(descriptor: int) -> None:
    """The cheapest call after which written data survives a power cut."""
    getattr(os, "fdatasync", os.fsync)(descriptor)


def _open_pidfd(pid: int) -> int | None:
    """`None` where the platform, its kernel or its sandbox has none."""
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        raise
    except (AttributeError, OSError):
        return None


def _from_proc(pid: int, mark: bytes) -> Process | None:
    try:
        stat = _read(f"/proc/{pid}/stat")
    except OSError:
        return None
    # The command name may hold spaces and brackets, so fields count from the last bracket.
    fields = stat.rpartition(b")")[2].split()
    if fields[0] in b"ZX":
        return None
    marked = False
    if mark:
        try:
            marked = b"\0" + mark + b"\0" in b"\0" + _read(f"/proc/{pid}/environ") + b"\0"
        except OSError:
            marked = False  # another user's process, or just gone
    return Process(pid, int(fields[1]), int(fields[2]), int(fields[3]), fields[19].decode(), marked)


def ask_ps(which: list[str], mark: str) -> list[Process]:
    """Processes as `ps` prints them: pid, parent, group, state, start (five words), command.

    `-E` (macOS) adds the environment to the command. There is no portable session id, so a
    process that left the group is found by its mark or its parent alone.
    """
    columns = ["-o", "pid=,ppid=,pgid=,stat=,lstart=,command="]
    found: list[Process] = []
    for line in _ask(["ps", "-ww", *(["-E"] if mark else []), *which, *columns]).splitlines():
        words = line.split(None, 9)
        if len(words) >= 9 and not words[3].startswith("Z"):
            command = words[9] if len(words) > 9 else ""
            marked = bool(mark) and f" {mark} " in f" {command} "
            pid, parent, group = int(words[0]), int(words[1]), int(words[2])
            found.append(Process(pid, parent, group, 0, " ".join(words[4:9]), marked))
    return found


def _ask(command: list[str]) -> str:
    import subprocess  # only macOS pays for it, and only when it asks

    env = {"PATH": os.defpath, "LC_ALL": "C"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env).stdout


def _read(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:
        return file.readall()
