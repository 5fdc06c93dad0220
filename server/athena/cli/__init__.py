"""The command line: `athena <noun> <verb>`."""

from __future__ import annotations


def main() -> int:
    """Run a command; returns its exit code."""
    from athena.cli.app import app
    from athena.cli.output import run

    return run(app)
