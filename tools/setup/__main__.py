"""`python -m tools.setup list | install NAME|@GROUP... | path NAME`."""

from __future__ import annotations

import argparse
import sys

from tools.setup.errors import SetupError
from tools.setup.table import GROUPS, TOOLS, install, path
from tools.setup.tool import cache


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0 when it worked, 1 with the reason on standard error when not."""
    parser = argparse.ArgumentParser(prog="python -m tools.setup", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="show every tool, whether it is installed, and the groups")
    installing = commands.add_parser("install", help="install tools and groups of tools")
    installing.add_argument("names", nargs="+", metavar="NAME|@GROUP")
    finding = commands.add_parser("path", help="print where an installed tool is")
    finding.add_argument("name", metavar="NAME")
    chosen = parser.parse_args(argv)
    try:
        if chosen.command == "install":
            install(chosen.names)
        elif chosen.command == "path":
            print(path(chosen.name))
        else:
            show()
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    return 0


def show() -> None:
    """Print the table of tools."""
    print(f"cache: {cache()}")
    for tool in TOOLS:
        state = "installed" if tool.is_installed() else "-"
        row = f"{tool.name:<18}{tool.version:<12}{type(tool).kind:<8}{state:<11}{tool.note}"
        print(row.rstrip())
    for name, members in GROUPS.items():
        print(f"@{name}: {' '.join(members) or '-'}")


if __name__ == "__main__":
    sys.exit(main())
