"""`athena harness doctor`: what stands between the user and a harness, and what to do about it."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from athena.harness.capabilities import Detected
from athena.harness.engines import fits
from athena.harness.identity import Program, find
from athena.harness.inspection import Inspected, inspect, output
from athena.harness.rows import Harness
from athena.harness.verified import VERIFIED

Level = Literal["ok", "warning", "error"]

LOGIN = re.compile(
    r"log ?in\b|logged in|sign in|authenticat|unauthorized|api key|credential", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `hint` says what to do about it."""

    name: str
    level: Level
    words: str
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Examination:
    """All that was looked at, and what was detected if the program could be asked."""

    checks: list[Check]
    detected: Detected | None = None

    @property
    def is_fit(self) -> bool:
        return all(check.level != "error" for check in self.checks)


async def examine(harness: Harness, environment: Mapping[str, str]) -> Examination:
    """Look at everything that an agent under this harness needs; runs a real handshake."""
    program = find(harness, environment)
    if program is None:
        words = f"{harness.argv[0]} is not on the PATH."
        return Examination([Check("installed", "error", words, harness.hint)])
    checks = [Check("installed", "ok", program.path)]
    if program.node is not None:
        checks.append(await _node(program.node, {**environment, **harness.env}))
    found = await inspect(harness, program, environment, time.time_ns() // 1_000_000)
    checks.append(_version(harness, found.detected.version))
    checks.append(_session(harness, program, found))
    checks += [_said(words, harness) for words in found.detected.said]
    return Examination(checks, found.detected)


async def _node(wanted: str, environment: Mapping[str, str]) -> Check:
    printed = await output(["node", "--version"], environment)
    here = _number(printed)
    if here is None:
        hint = f"Install Node {wanted}; the harness is a program for it."
        return Check("node", "error", "node is not on the PATH.", hint)
    if fits(here, wanted) is False:
        hint = f"Install Node {wanted}, or put it first on the PATH."
        return Check("node", "error", f"{printed.strip()} is not what it runs on.", hint)
    return Check("node", "ok", f"{printed.strip()} (wanted: {wanted})")


def _number(text: str) -> tuple[int, ...] | None:
    found = re.search(r"\d+(?:\.\d+)*", text)
    return tuple(int(part) for part in found[0].split(".")) if found else None


def _version(harness: Harness, version: str | None) -> Check:
    verified = VERIFIED.get(harness.name)
    if version is None:
        return Check("version", "warning", "It does not say its version.")
    if verified is None or version == verified:
        return Check("version", "ok", version)
    words = f"{version}; Athena was verified with {verified}."
    older = _is_older(harness, version)
    hint = f"If something is missing, update it. {harness.hint}" if older else None
    return Check("version", "warning" if older else "ok", words, hint)


def _is_older(harness: Harness, version: str | None) -> bool:
    """Whether it is older than the version that the tests ran."""
    here, verified = _number(version or ""), _number(VERIFIED.get(harness.name, ""))
    return here is not None and verified is not None and here < verified


def _session(harness: Harness, program: Program, found: Inspected) -> Check:
    if found.failure is None:
        return Check("session", "ok", "A session was opened.")
    last = found.stderr.splitlines()[-1] if found.stderr else ""
    words = f"{found.failure} It said: {last}" if last else found.failure
    if LOGIN.search(found.stderr) or any(LOGIN.search(one) for one in found.detected.said):
        return Check("session", "error", words, f"Log in first. {harness.hint}")
    if _is_older(harness, found.detected.version):
        hint = f"It is older than {VERIFIED[harness.name]}: update it. {harness.hint}"
        return Check("session", "error", words, hint)
    command = " ".join([program.path, *harness.argv[1:]])
    return Check("session", "error", words, f"See what it says when you run: {command}")


def _said(words: str, harness: Harness) -> Check:
    if LOGIN.search(words):
        return Check("login", "error", words, harness.hint)
    return Check("said", "warning", words)
