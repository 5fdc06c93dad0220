"""`python -m athena.scripted`: speak ACP on the standard streams."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

from athena.scripted import __version__
from athena.scripted.agent import Agent
from athena.scripted.peer import Peer
from athena.scripted.scenario import builtin_names, find, parse
from athena.scripted.session import Store, default_home
from athena.scripted.source import ScenarioError

EPILOG = """environment: ATHENA_SCRIPTED_SCENARIO, ATHENA_SCRIPTED_PACE and
ATHENA_SCRIPTED_HOME stand for the options of these names. Sessions are kept in
~/.athena-scripted."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="athena scripted",
        description="A coding agent without a model: it speaks ACP and plays a scenario.",
        epilog=EPILOG,
    )
    parser.add_argument(
        "--scenario", metavar="FILE", help="play this scenario (a file or built in)"
    )
    parser.add_argument(
        "--pace", type=float, metavar="FACTOR", help="multiply all waiting by this (0: none)"
    )
    parser.add_argument("--home", metavar="FOLDER", help="keep the sessions there")
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--check", nargs="+", metavar="FILE", help="say what is wrong in scenarios")
    action.add_argument("--list", action="store_true", help="list the built-in scenarios")
    action.add_argument("--show", metavar="NAME", help="print a built-in scenario")
    parser.add_argument("--version", action="version", version=__version__)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the harness. The exit code is 0 at the end of the input and 2 for a bad scenario."""
    options = _parser().parse_args(argv)
    try:
        if options.list or options.show or options.check:
            return _tell(options)
        return _serve(options)
    except ScenarioError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2


def _tell(options: argparse.Namespace) -> int:
    if options.show:
        sys.stdout.write(find(options.show, Path()).text)
        return 0
    failed = False
    for name in options.check or builtin_names():
        try:
            scenario = parse(find(name, Path()))
        except ScenarioError as error:
            failed = True
            sys.stdout.write(f"{error}\n")
            continue
        sys.stdout.write(f"{name:<12} {scenario.about}\n")
    return 2 if failed else 0


def _serve(options: argparse.Namespace) -> int:
    name = options.scenario or os.environ.get("ATHENA_SCRIPTED_SCENARIO")
    scenario = parse(find(name, Path())) if name else None
    pace = options.pace
    if pace is None:
        pace = float(os.environ.get("ATHENA_SCRIPTED_PACE") or 1)
    store = Store(Path(options.home) if options.home else default_home())
    if sys.stdin.isatty():
        sys.stderr.write("athena scripted speaks ACP on its standard streams; see --help.\n")
    agent = Agent(Peer(sys.stdout.fileno()), store, scenario, pace)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, agent.end)
    agent.serve(sys.stdin.buffer)
    agent.end_children()
    # Turns may still be playing in their threads: nobody listens to them any more.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
