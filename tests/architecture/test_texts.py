"""No committed file names a package registry or a place on somebody's machine, no client a harness."""

from __future__ import annotations

import re

from athena.harness.rows import HARNESSES
from tests.architecture.source import ROOT, tracked_files

# Spelled in pieces, or this file would be a breach itself.
REGISTRIES = (
    r"pypi" r"\.org",
    r"python" r"hosted\.org",
    r"npm" r"js\.org",
    r"yarn" r"pkg\.com",
    r"deb" r"\.debian\.org",
    r"archive" r"\.ubuntu\.com",
    r"crates" r"\.io",
    r"proxy" r"\.golang\.org",
    r"repo1?" r"\.maven\.",
)
PLACES = (
    r"(?<![\w.])/wo" r"rk/(main|shared|\.library)\b",
    r"\.\./sha" r"red/",
    r"/tmp/ath" r"ena/",
    r"(?<![\w.])/ro" r"ot/",
    r"(?<![\w.])/home/(?!user\b|me\b|ada\b|you\b)\w+/",
)
FORBIDDEN = re.compile("|".join(REGISTRIES + PLACES))


def test_no_registry_and_no_machine_is_named() -> None:
    breaches = [
        f"{name}:{number}: {found[0]}"
        for name in tracked_files()
        for number, line in enumerate(_lines(name), 1)
        if (found := FORBIDDEN.search(line))
    ]
    assert not breaches, "\n".join(breaches)


def test_a_breach_is_seen() -> None:
    assert FORBIDDEN.search("https://files.python" + "hosted.org/packages")
    assert FORBIDDEN.search("see ../sha" + "red/design")
    assert not FORBIDDEN.search("/home/user/project and ./work/main.py")


OTHER_WORDS = {"amp", "cursor"}
"""Names of harnesses that mean something else in HTML or in an editor: programs are looked for."""


def test_no_client_knows_a_harness_by_its_name() -> None:
    names = "|".join(
        harness.argv[0] if harness.name in OTHER_WORDS else harness.name
        for harness in HARNESSES
        if harness.name != "scripted"
    )
    named = re.compile(rf"\b({names})\b", re.IGNORECASE)
    code = [
        name
        for name in tracked_files()
        if name.startswith("clients/") and name.endswith((".ts", ".tsx", ".lua", ".kt", ".css"))
    ]
    shipped = [name for name in code if ".gen." not in name and "/test" not in name]
    assert len(shipped) > 20
    breaches = [
        f"{name}:{number}: {found[0]}"
        for name in shipped
        for number, line in enumerate(_lines(name), 1)
        if (found := named.search(line))
    ]
    assert not breaches, "\n".join(breaches)


def _lines(name: str) -> list[str]:
    content = (ROOT / name).read_bytes()
    return [] if b"\0" in content[:8192] else content.decode("utf-8", "replace").splitlines()
