"""The command `athena`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; relays take a way that imports nothing but themselves."""
    from athena.relay.main import MODES, run

    arguments = sys.argv[1:]
    if arguments and arguments[0] in MODES and not {"-h", "--help"} & set(arguments[1:]):
        return run(arguments[0], arguments[1:])
    try:
        from athena.cli import main as command_line

        return command_line()
    except KeyboardInterrupt:  # In the middle of the imports; later on commands see to it.
        return 130


if __name__ == "__main__":
    sys.exit(main())
