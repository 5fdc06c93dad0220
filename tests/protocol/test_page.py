"""The numbers that people wrote into docs/protocol.md are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

from athena.app import follow
from athena.protocol.events import EVENTS
from athena.relay import failure
from athena.wire import limits

PAGE = " ".join((Path(__file__).parents[2] / "docs/protocol.md").read_text().split())


def test_limits() -> None:
    mib = 1 << 20
    for words in (
        f"at most {limits.BODY // mib} MiB",
        f"at most {limits.BATCH} members",
        f"at most {limits.OPEN_REQUESTS} requests",
        f"(above {limits.DROP_ABOVE // mib} MiB unread)",
        f"(above {limits.PAUSE_ABOVE // mib} MiB)",
        f"cut off at {limits.CUT_ABOVE // mib} MiB",
        f"more than {follow.MOST_BEHIND:,} events behind",
    ):
        assert words in PAGE


def test_exit_codes() -> None:
    told = PAGE[PAGE.index("A relay's exit code") : PAGE.index("The words for people")]
    known = {value for name, value in vars(failure).items() if name.startswith("EXIT_")}
    numbers = {int(number) for number in re.findall(r"\d+", told)}
    assert numbers == known - {failure.EXIT_USAGE}


def test_the_example_tells_real_events() -> None:
    example = PAGE[PAGE.index("### An example") : PAGE.index("## Errors")]
    kinds = set(re.findall(r'"kind":"(\w+)","v"', example))
    assert kinds and kinds <= {event.KIND for event in EVENTS}
