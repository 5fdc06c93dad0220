"""How an ACP agent departs from the specification, as data of its row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

UsageScope = Literal["turn", "session", "response"]


@dataclass(frozen=True, slots=True)
class AcpQuirks:
    """Each field is one departure that was seen in a real agent; the default is the standard.

    `offer_files`, `offer_terminals`: whether Athena's file system and terminals are offered. They
    are not by default: an agent that works through them stands still while the daemon is away.

    `auth_methods`: what to log in with when a session is refused, in the order of preference.

    `readonly_mode`: the mode that stands for "reads only".

    `usage_scope`: what the `usage` of a prompt's answer covers: the turn, as ACP says; the whole
    session so far; or only the turn's last model response.

    `late_replay`: the history of a loaded session comes after the answer to `session/load`.

    `notice_meta`: the key of `_meta` whose `kind` "informational" marks a message as a notice of
    the harness, which the model never said.

    `failure`: how a message reads, as a regular expression with the reason in its first group, by
    which the agent says that the provider failed; it then ends the turn as if all were well.
    `retry`: how one reads by which it says that it tries again.

    `silent`: how the names of notifications begin that say nothing of the work, and of requests
    that may be refused without a word to the user.
    """

    offer_files: bool = False
    offer_terminals: bool = False
    auth_methods: tuple[str, ...] = ()
    readonly_mode: str | None = None
    usage_scope: UsageScope = "turn"
    late_replay: bool = False
    notice_meta: str | None = None
    failure: str | None = None
    retry: str | None = None
    silent: tuple[str, ...] = ()
