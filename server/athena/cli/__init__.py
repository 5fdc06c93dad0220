"""The command line: `athena <noun> <verb>`."""

from __future__ import annotations


def main() -> int:
    """Run a command; returns its exit code."""
    from athena.cli.app import app

    result: object = app.main(prog_name="athena", standalone_mode=True)
    return result if isinstance(result, int) else 0
