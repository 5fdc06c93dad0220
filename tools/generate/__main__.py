"""`python -m tools.generate`: write what is generated from the protocol, or check it."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tools.generate import jsonschema, tree
from tools.generate.compatibility import breaks
from tools.generate.read import UnclearType, read

ROOT = Path(__file__).resolve().parents[2]


def main(argv: list[str] | None = None) -> int:
    """Exit code 0 when all is, or was made, as it should be."""
    parser = argparse.ArgumentParser(prog="python -m tools.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail if stale")
    parser.add_argument(
        "--breaking", action="store_true", help="accept that older clients or logs break"
    )
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout (default: this one)")
    options = parser.parse_args(argv)
    try:
        return _run(options.root, check=options.check, breaking=options.breaking)
    except (UnclearType, tree.BrokenPart) as error:
        print(error, file=sys.stderr)
        return 1


def _run(root: Path, *, check: bool, breaking: bool) -> int:
    model = read()
    before = tree.committed_schema(root)
    if before is not None and not breaking:
        found = breaks(before, json.loads(jsonschema.render(model)))
        if found:
            print("This breaks older clients, or logs that have been written:", file=sys.stderr)
            print(*(f"  {line}" for line in found), sep="\n", file=sys.stderr)
            print(
                "Keep the old form beside the new one, or raise PROTOCOL_VERSION (an event's\n"
                "VERSION, with an upcaster). For what was never released: make generate BREAKING=1",
                file=sys.stderr,
            )
            return 1
    changed = tree.differences(root, model) if check else tree.write(root, model)
    for difference in changed:
        did = "removed" if difference.what == "superfluous" else "wrote"
        print(f"{difference.what if check else did}: {difference.path}")
    if check and changed:
        print("Run: make generate", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
