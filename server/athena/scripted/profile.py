"""What the scripted harness says of itself: the `harness:` block of a scenario."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from athena.scripted import __version__
from athena.scripted.source import Statement, block_head, needed, statements

ABILITIES = (
    "load",
    "resume",
    "list",
    "close",
    "fork",
    "delete",
    "images",
    "resources",
    "usage",
    "steering",
)


class Choice(NamedTuple):
    """A value of a setting."""

    id: str
    name: str
    description: str | None = None


class Setting(NamedTuple):
    """A setting of a session: its mode, its model, or another option."""

    id: str
    name: str
    category: str | None
    choices: tuple[Choice, ...]
    default: str


class SlashCommand(NamedTuple):
    """A command that the harness announces."""

    name: str
    hint: str | None
    description: str


def _setting(id: str, category: str | None, default: str, *choices: Choice) -> Setting:
    return Setting(id, id.capitalize(), category, choices, default)


class Profile(NamedTuple):
    """All that `initialize` and `session/new` announce.

    `legacy` shows modes and models as the first ACP agents do, without config options.
    `own_files` and `own_commands` make the harness work by itself even where the client offers
    its file system and its terminals.
    """

    name: str = "athena-scripted"
    title: str = "Scripted harness"
    version: str = __version__
    settings: tuple[Setting, ...] = (
        _setting(
            "mode",
            "mode",
            "ask",
            Choice("ask", "Ask", "Asks before it does something risky"),
            Choice("auto", "Auto", "Never asks"),
            Choice("plan", "Plan", "Reads only"),
        ),
        _setting(
            "model",
            "model",
            "scripted-small",
            Choice("scripted-small", "Scripted Small"),
            Choice("scripted-large", "Scripted Large"),
        ),
        _setting(
            "effort",
            "thought_level",
            "medium",
            Choice("low", "Low"),
            Choice("medium", "Medium"),
            Choice("high", "High"),
        ),
    )
    commands: tuple[SlashCommand, ...] = (
        SlashCommand("play", "scenario", "Play a built-in scenario or a scenario file"),
    )
    without: frozenset[str] = frozenset()
    login: bool = False
    legacy: bool = False
    message_ids: bool = True
    own_files: bool = False
    own_commands: bool = False

    def setting(self, id: str) -> Setting | None:
        """The setting of that identifier."""
        return next((s for s in self.settings if s.id == id), None)


def read_profile(block: Statement) -> Profile:
    """The profile that a `harness:` block describes; what it leaves out is as usual."""
    block_head(block, block.head)
    profile = Profile()
    own_commands: list[SlashCommand] = []
    for statement in statements(block.body, block.origin):
        word, rest = statement.verb()
        statement.no_body()
        if word == "command":
            own_commands.append(_command(statement, rest))
        elif word in _ENTRIES:
            profile = _ENTRIES[word](profile, statement, rest)
        else:
            known = ", ".join(["command", *_ENTRIES])
            statement.fail(f"unknown entry '{word}' of harness:; there are: {known}")
    if own_commands:
        profile = profile._replace(commands=tuple(own_commands))
    return profile


def _command(statement: Statement, rest: str) -> SlashCommand:
    match = re.fullmatch(r"([\w-]+)(?: <([^>]+)>)?: (.+)", rest)
    if not match:
        statement.fail("write: command NAME: ABOUT, or command NAME <ARGUMENT>: ABOUT")
    return SlashCommand(match[1], match[2], match[3])


def _choices(statement: Statement, rest: str, setting: Setting) -> Setting:
    choices: list[Choice] = []
    default = None
    for part in needed(statement, rest, "values, separated by commas").split(","):
        match = re.fullmatch(r"([^\s\"*]+)(\*?)(?:\s+\"([^\"]+)\")?", part.strip())
        if not match:
            statement.fail(f"'{part.strip()}' is no value; write id, id* or id \"Name\"")
        name = match[3] or match[1].replace("-", " ").replace("_", " ").capitalize()
        choices.append(Choice(match[1], name))
        default = match[1] if match[2] else default
    return setting._replace(choices=tuple(choices), default=default or choices[0].id)


def _with_setting(profile: Profile, setting: Setting) -> Profile:
    settings = tuple(setting if s.id == setting.id else s for s in profile.settings)
    return profile._replace(settings=settings if setting in settings else (*settings, setting))


def _modes(profile: Profile, statement: Statement, rest: str) -> Profile:
    return _with_setting(profile, _choices(statement, rest, _setting("mode", "mode", "")))


def _models(profile: Profile, statement: Statement, rest: str) -> Profile:
    return _with_setting(profile, _choices(statement, rest, _setting("model", "model", "")))


def _option(profile: Profile, statement: Statement, rest: str) -> Profile:
    id, colon, values = rest.partition(":")
    if not colon:
        statement.fail("write: option NAME: VALUE*, VALUE")
    return _with_setting(profile, _choices(statement, values, _setting(id.strip(), None, "")))


def _without(profile: Profile, statement: Statement, rest: str) -> Profile:
    names = frozenset(
        word.strip() for word in needed(statement, rest, "names of abilities").split(",")
    )
    known = {*ABILITIES, *(s.id for s in profile.settings), "commands"}
    for name in sorted(names - known):
        statement.fail(f"'{name}' is no ability; there are: {', '.join(sorted(known))}")
    return profile._replace(
        without=names & set(ABILITIES),
        settings=tuple(s for s in profile.settings if s.id not in names),
        commands=() if "commands" in names else profile.commands,
    )


def _text(field: str) -> Callable[[Profile, Statement, str], Profile]:
    def read(profile: Profile, statement: Statement, rest: str) -> Profile:
        return profile._replace(**{field: needed(statement, rest, "a text")})

    return read


def _flag(field: str, words: dict[str, bool]) -> Callable[[Profile, Statement, str], Profile]:
    def read(profile: Profile, statement: Statement, rest: str) -> Profile:
        if rest not in words:
            statement.fail(f"write one of: {', '.join(words)}")
        return profile._replace(**{field: words[rest]})

    return read


_ENTRIES: dict[str, Callable[[Profile, Statement, str], Profile]] = {
    "name": _text("name"),
    "title": _text("title"),
    "version": _text("version"),
    "modes": _modes,
    "models": _models,
    "option": _option,
    "without": _without,
    "login": _flag("login", {"required": True, "none": False}),
    "settings": _flag("legacy", {"options": False, "legacy": True}),
    "message-ids": _flag("message_ids", {"on": True, "off": False}),
    "files": _flag("own_files", {"own": True, "client": False}),
    "commands": _flag("own_commands", {"own": True, "client": False}),
}
