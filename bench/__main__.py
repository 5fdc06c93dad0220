"""`make bench`: measure everything, compare it with what was aimed at, write `docs/benchmarks.md`.

python -m bench [--quick] [--only NAME ...] [--output FILE]

Each part is a module of this folder with a function `measure`, which returns its tables by their
titles, and runs in a process of its own. `--quick` runs all of them in a small size, to see that
they work; it writes nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import inspect
import json
import os
import platform
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"

Row = dict[str, Any]
Tables = Mapping[str, list[Row]]


@dataclass(frozen=True)
class Part:
    """A module that measures. `quick` are its constants for a run that only tries it."""

    name: str
    title: str
    quick: Mapping[str, object] = field(default_factory=dict[str, object])


PARTS = (
    Part(
        "log",
        "The event log",
        {
            "PAIRS": 1,
            "EVENTS": 2_000,
            "RESTART_STREAMS": 5,
            "RESTART_EVENTS": 200,
            "LONG_EVENTS": 500,
            "PACED_SECONDS": 1,
        },
    ),
    Part(
        "whole",
        "The whole, from a harness's line to a client and back",
        {"AGENTS": 3, "SECONDS": 1, "MANY": 3, "EVENTS": 20, "LARGE_ITEMS": 200},
    ),
    Part("doors", "The doors", {"ROUNDS": 2, "COLD_ROUNDS": 1, "CALLS": 100, "ATTACHED": 2}),
    Part(
        "worktree",
        "Workspaces and review, against plain git",
        {"FILES": 5_000, "CHANGED": 100, "WORKTREES": 3, "TURNS": 20, "PAIRS": 1},
    ),
    Part("hover", "Who wrote this line", {"LINES": 200, "TURNS": 5, "REPEATS": 3}),
    Part("turn", "What Athena adds to a turn", {"TURNS": 2, "MANY": 1}),
)


@dataclass(frozen=True)
class Aim:
    """A number that was set before anything was measured. `find` gets the tables of its part."""

    what: str
    aim: str
    part: str
    find: Callable[[Tables], float]
    met: Callable[[float], bool]
    unit: str = "ms"


def cell(title: str, column: str, **where: object) -> Callable[[Tables], float]:
    """The number in a column of the first row that has these values."""

    def find(tables: Tables) -> float:
        rows = tables[title]
        return next(r for r in rows if all(r[k] == v for k, v in where.items()))[column]

    return find


RESTART = "Restart after SIGKILL, until every agent is attached and listed"
LINE = "Harness line to client notification"
PAGE_OF_50_MB = "Last page of a large agent"
HOVER = "Hover through the LSP door"
TURN = "A turn, bare and through Athena"

AIMS = (
    Aim(
        "durable events per second with 64 producers, against raw sqlite3 on the same schema",
        "≥ 0.5 ×",
        "log",
        cell("throughput", "ratio", producers=64),
        lambda found: found >= 0.5,
        "×",
    ),
    Aim(
        "harness line to client notification, 500 events/s over 20 agents, p99",
        "< 20 ms",
        "whole",
        cell(LINE, "p99 ms"),
        lambda found: found < 20,
    ),
    Aim(
        "`initialize` answered, the daemon running",
        "≤ 60 ms",
        "doors",
        cell("starts", "median_ms", what="warm initialize"),
        lambda found: found <= 60,
    ),
    Aim(
        "daemon killed with SIGKILL, until an editor is served again",
        "< 1 s",
        "doors",
        cell("starts", "median_ms", what="killed, until back"),
        lambda found: found < 1000,
    ),
    Aim(
        "the same with its supervisor killed too",
        "< 1 s",
        "doors",
        cell("starts", "median_ms", what="killed with its supervisor, until back"),
        lambda found: found < 1000,
    ),
    Aim(
        "daemon killed with 50 agents, until every one is attached and listed",
        "< 1 s",
        "whole",
        cell(RESTART, "median s", killed="the daemon"),
        lambda found: found < 1,
        "s",
    ),
    Aim(
        "the same with its supervisor killed too",
        "< 1 s",
        "whole",
        cell(RESTART, "median s", killed="its supervisor too"),
        lambda found: found < 1,
        "s",
    ),
    Aim(
        "the same in the log alone: 50 agents of 10,000 events, opened, listed and folded",
        "< 1 s",
        "log",
        lambda tables: sum(tables["restart"][0][k] for k in ("open_ms", "list_ms", "warm_ms")),
        lambda found: found < 1000,
    ),
    Aim(
        "last page of a 50 MB agent",
        "< 100 ms",
        "whole",
        cell(PAGE_OF_50_MB, "median ms"),
        lambda found: found < 100,
    ),
    Aim(
        "who wrote this line: 10,000 lines, 500 turns, through the LSP door",
        "< 50 ms",
        "hover",
        cell(HOVER, "median ms", hover="later"),
        lambda found: found < 50,
    ),
    Aim(
        "the same after each key stroke, in a text that is not saved",
        "< 50 ms",
        "hover",
        cell(HOVER, "median ms", hover="after each key stroke"),
        lambda found: found < 50,
    ),
    Aim(
        "memory of one runner, its share of what is shared included (PSS)",
        "≤ 12 MB",
        "whole",
        cell("Memory", "proportional MB", process="runner"),
        lambda found: found <= 12,
        "MB",
    ),
    Aim(
        "what Athena adds to a turn of Codex, driven bare in the same run",
        "< 5 ms",
        "turn",
        cell(TURN, "added ms", harness="codex"),
        lambda found: found < 5,
    ),
    Aim(
        "what Athena adds to a turn of Claude Code, driven bare in the same run",
        "< 5 ms",
        "turn",
        cell(TURN, "added ms", harness="claude"),
        lambda found: found < 5,
    ),
    Aim(
        "memory of the runner, against that of its harness (Codex)",
        "< 5 %",
        "turn",
        cell(TURN, "runner %", harness="codex"),
        lambda found: found < 5,
        "%",
    ),
    Aim(
        "memory of the runner, against that of its harness (Claude Code)",
        "< 5 %",
        "turn",
        cell(TURN, "runner %", harness="claude"),
        lambda found: found < 5,
        "%",
    ),
)


def main() -> int:
    """Exit code 1 when a part fails. An aim that is missed is no failure: it is told."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only see that everything runs")
    names = [part.name for part in PARTS]
    parser.add_argument(
        "--only", nargs="+", default=[], choices=names, help="only these parts; prints, no page"
    )
    parser.add_argument("--output", type=Path, default=PAGE, help="the page to write")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        return measure_here(options.part, quick=options.quick)
    facts = machine()
    parts = [p for p in PARTS if not options.only or p.name in options.only]
    measured: dict[str, Tables] = {}
    for part in parts:
        began = time.monotonic()
        found = measure_apart(part, quick=options.quick)
        if found is None:
            return 1
        measured[part.name] = found
        say(f"{part.name}: {time.monotonic() - began:.0f} s")
    text = page(facts, measured, judged=not options.quick)
    if options.quick or options.only:
        sys.stdout.write(text)
    else:
        options.output.write_text(text, encoding="utf-8")
        say(f"wrote {options.output}")
    return 0


def measure_apart(part: Part, *, quick: bool) -> Tables | None:
    """The tables of a part, from a process of its own; None when it failed."""
    command = [sys.executable, "-m", "bench", "--part", part.name]
    done = subprocess.run(
        [*command, "--quick"] if quick else command,
        stdout=subprocess.PIPE,
        cwd=HERE.parent,
        check=False,
    )
    if done.returncode != 0:
        say(f"{part.name} failed with {done.returncode}")
        return None
    return json.loads(done.stdout)


def measure_here(name: str, *, quick: bool) -> int:
    """Run one part and print its tables as JSON."""
    part = next(p for p in PARTS if p.name == name)
    module = importlib.import_module(f"bench.{name}")
    for constant, value in part.quick.items() if quick else ():
        if not hasattr(module, constant):
            raise SystemExit(f"bench.{name} has no {constant}")
        setattr(module, constant, value)
    measured = module.measure()
    if inspect.isawaitable(measured):
        measured = asyncio.run(awaited(measured))
    json.dump(measured, sys.stdout)
    return 0


async def awaited(measured: Any) -> Any:
    return await measured


def machine() -> dict[str, str]:
    """What the numbers depend on, as it is before anything is measured."""
    commit = output("git", "describe", "--always", "--dirty=, with changes that are not committed")
    return {
        "date": time.strftime("%Y-%m-%d %H:%M %Z"),
        "commit": commit,
        "processor": f"{processor()}, {os.cpu_count()} cores",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "file systems": f"{filesystem(HERE)} (log), {filesystem(tempfile.gettempdir())} (others)",
        "Python, SQLite, git": (
            f"{platform.python_version()}, {sqlite3.sqlite_version}, "
            f"{output('git', '--version').removeprefix('git version ')}"
        ),
        "load average before": " ".join(f"{each:.2f}" for each in os.getloadavg()),
    }


def processor() -> str:
    """The processor's name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def filesystem(place: Path | str) -> str:
    """The kind of the file system that holds a folder."""
    lines = output("df", "-PT" if sys.platform == "linux" else "-P", str(place)).splitlines()
    return lines[-1].split()[1] if sys.platform == "linux" and len(lines) > 1 else "unknown"


def output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, cwd=HERE.parent, check=False)
    return done.stdout.strip()


def page(facts: Mapping[str, str], measured: Mapping[str, Tables], *, judged: bool) -> str:
    """The page's text; what was measured in a small size is not judged by the aims."""
    parts = [
        "# Benchmarks\n",
        "Written by `make bench`, on one machine at one time. Where there is a baseline it was\n"
        "measured in turns with the rest, in the same run, so ratios say more than times.\n",
        *(["## Aims\n", table(list(aims(measured)))] if judged else []),
        "## The machine\n",
        table([{"": name, " ": value} for name, value in facts.items()]),
    ]
    for part in PARTS:
        if part.name in measured:
            parts += section(part, measured[part.name])
    return "\n".join(parts)


def aims(measured: Mapping[str, Tables]) -> Iterator[Row]:
    for aim in AIMS:
        if aim.part not in measured:
            continue
        found = aim.find(measured[aim.part])
        yield {
            "what": aim.what,
            "aim": aim.aim,
            "measured": f"{found:g} {aim.unit}",
            "met": "yes" if aim.met(found) else "**no**",
        }


def section(part: Part, tables: Tables) -> Iterator[str]:
    """A part's heading, how it measures in its own words, and its tables."""
    told = inspect.getdoc(importlib.import_module(f"bench.{part.name}")) or ""
    words = [text for text in told.split("\n\n") if not text.startswith((" ", "python "))]
    yield f"## {part.title}\n"
    yield "\n\n".join(words) + f"\n\n`python -m bench.{part.name}`\n"
    for title, rows in tables.items():
        yield f"### {title[0].upper()}{title[1:]}\n"
        yield table(rows)


def table(rows: list[Row]) -> str:
    """Rows as a Markdown table."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [names, ["---"] * len(names), *([row.get(n, "") for n in names] for row in rows)]
    return "".join("| " + " | ".join(str(each) for each in line) + " |\n" for line in lines)


def say(words: str) -> None:
    sys.stderr.write(words + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
