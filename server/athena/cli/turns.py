"""Turns as people name them: by their number."""

from __future__ import annotations

import re

from athena.cli.session import Session

NUMBER = re.compile(r"t?(\d+)")


def turn_id(daemon: Session, agent: str, turn: str | None) -> str | None:
    """The id of a turn that is named by its number (`2`, `t2`) or by its id."""
    number = NUMBER.fullmatch(turn) if turn else None
    if number is None:
        return turn
    return f"{daemon.call('athena/agent/get', agent=agent)['id']}.t{number[1]}"
