"""What a harness can do, as it said or showed itself."""

from __future__ import annotations

from enum import StrEnum

from athena.protocol.base import Record


class Ability(StrEnum):
    """Whether a harness can do a thing. `unknown` until it was seen or declared."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Choice(Record):
    """A value that can be chosen: a mode, a model, a thinking level."""

    id: str
    name: str
    description: str | None = None


class Option(Record):
    """A setting of a session that the harness offers, with its values (ACP `configOptions`)."""

    id: str
    name: str
    category: str | None = None
    current: str | bool | None = None
    choices: list[Choice] = []


class SlashCommand(Record):
    """A command the harness understands when a prompt starts with `/name`."""

    name: str
    description: str = ""
    hint: str | None = None


class Capabilities(Record):
    """The abilities of one harness, detected at run time."""

    version: str | None = None
    resume: Ability = Ability.UNKNOWN
    load: Ability = Ability.UNKNOWN
    fork: Ability = Ability.UNKNOWN
    steer: Ability = Ability.UNKNOWN
    interrupt: Ability = Ability.UNKNOWN
    images: Ability = Ability.UNKNOWN
    embedded_context: Ability = Ability.UNKNOWN
    mcp: Ability = Ability.UNKNOWN
    permissions: Ability = Ability.UNKNOWN
    usage: Ability = Ability.UNKNOWN
    cost: Ability = Ability.UNKNOWN
    sandbox: Ability = Ability.UNKNOWN
    output_schema: Ability = Ability.UNKNOWN
    modes: list[Choice] = []
    models: list[Choice] = []
    thinking_levels: list[Choice] = []
    commands: list[SlashCommand] = []
    options: list[Option] = []
