"""Verbs that say something: messages, thoughts, plans, usage and the state of the session."""

from __future__ import annotations

import base64
import mimetypes
import re
from typing import TYPE_CHECKING, NamedTuple

from athena.scripted.source import Statement, checked, needed, size
from athena.scripted.verbs import nothing, verb

if TYPE_CHECKING:
    from athena.scripted.play import Play

_MARKS = {" ": "pending", ">": "in_progress", "x": "completed"}
_TOKENS = {
    "input": "inputTokens",
    "output": "outputTokens",
    "thought": "thoughtTokens",
    "cached": "cachedReadTokens",
    "cached-write": "cachedWriteTokens",
}


def _text(statement: Statement, rest: str) -> str:
    return checked(statement, needed(statement, statement.text(rest), "a text"))


@verb("say TEXT", "Says a message, streamed in pieces.", "talk", _text)
def say(play: Play, text: str) -> None:
    play.stream("agent_message_chunk", play.expand(text))


@verb("think TEXT", "Thinks aloud, streamed in pieces.", "talk", _text)
def think(play: Play, text: str) -> None:
    play.stream("agent_thought_chunk", play.expand(text))


@verb("echo", "Says the user's prompt back as the user's, as some harnesses do.", "talk", nothing)
def echo(play: Play, args: None) -> None:
    content = {"type": "text", "text": play.values["prompt"]}
    play.update("user_message_chunk", keep=False, content=content)


def _word(statement: Statement, rest: str) -> str:
    statement.no_body()
    return needed(statement, rest, "a word")


@verb("image PATH", "Says an image from a file.", "talk", _word)
def image(play: Play, name: str) -> None:
    path = play.path(name)
    data = base64.b64encode(path.read_bytes()).decode()
    mime = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    play.update("agent_message_chunk", content={"type": "image", "data": data, "mimeType": mime})


def _size(statement: Statement, rest: str) -> int:
    statement.no_body()
    return size(statement, rest)


@verb("say-size SIZE", "Says one piece of text of that size, such as `100MB`.", "talk", _size)
def say_size(play: Play, length: int) -> None:
    content = {"type": "text", "text": "x" * length}
    play.update("agent_message_chunk", keep=False, content=content)


def _plan(statement: Statement, rest: str) -> list[dict[str, str]]:
    text = needed(statement, statement.text(rest), "entries, such as [x] read  [>] edit  [ ] test")
    parts = re.split(r"\[([ x>])\]", text)
    if parts[0].strip() or len(parts) < 3:
        statement.fail("each entry of a plan begins with [ ], [>] or [x]")
    entries: list[dict[str, str]] = []
    for mark, words in zip(parts[1::2], parts[2::2], strict=True):
        content = " ".join(words.split())
        priority = re.fullmatch(r"(.*) \((high|medium|low)\)", content)
        if not content:
            statement.fail("an entry of the plan is empty")
        entries.append(
            {
                "content": priority[1] if priority else content,
                "priority": priority[2] if priority else "medium",
                "status": _MARKS[mark],
            }
        )
    return entries


@verb(
    "plan [x] DONE [>] NOW [ ] LATER",
    "Shows the whole plan; an entry may end with `(high)` or `(low)`.",
    "talk",
    _plan,
)
def plan(play: Play, entries: list[dict[str, str]]) -> None:
    play.update("plan", entries=entries)


class Used(NamedTuple):
    tokens: dict[str, int]
    used: int | None
    size: int
    cost: float
    model: str | None


def _usage(statement: Statement, rest: str) -> Used:
    statement.no_body()
    fields: dict[str, str] = {}
    known = [*_TOKENS, "used", "size", "cost", "model"]
    for part in needed(statement, rest, "numbers, such as input=1200 output=80").split():
        name, equals, value = part.partition("=")
        if not equals or name not in known:
            statement.fail(f"'{part}' is not understood; there are: {', '.join(known)}")
        fields[name] = value
    try:
        tokens = {_TOKENS[name]: int(fields[name]) for name in _TOKENS if name in fields}
        used = int(fields["used"]) if "used" in fields else None
        window, cost = int(fields.get("size", 200_000)), float(fields.get("cost", 0))
    except ValueError as error:
        statement.fail(str(error))
    return Used(tokens, used, window, cost, fields.get("model"))


@verb(
    "usage input=N output=N cached=N cost=X",
    "Counts tokens and money of one model response; also thought=, cached-write=, used=, size=, "
    "model=.",
    "talk",
    _usage,
)
def usage(play: Play, args: Used) -> None:
    if "usage" in play.profile.without:
        return
    for name, count in args.tokens.items():
        play.usage[name] = play.usage.get(name, 0) + count
    model = args.model or play.values["model"]
    by_model = play.used_by_model.setdefault(model, {})
    for name, count in args.tokens.items():
        by_model[name] = by_model.get(name, 0) + count
    play.session.cost = round(play.session.cost + args.cost, 9)
    used = args.used if args.used is not None else sum(args.tokens.values())
    play.session.context = [used, args.size]
    play.session.save()
    play.agent.send_usage(play.session)


@verb("title TEXT", "Names the session.", "talk", _text)
def title(play: Play, text: str) -> None:
    play.agent.name_session(play.session, play.expand(text))


class Set(NamedTuple):
    setting: str
    value: str


def _set(statement: Statement, rest: str) -> Set:
    statement.no_body()
    name, _, value = rest.partition(" ")
    return Set(name, needed(statement, value, "a setting and its value").strip())


@verb("set NAME VALUE", "Changes the session's mode, model or option by itself.", "talk", _set)
def set_(play: Play, args: Set) -> None:
    play.agent.change_setting(play.session, args.setting, args.value)
    play.values["mode"] = play.session.values.get("mode", "")
    play.values["model"] = play.session.values.get("model", "")


def _offer(statement: Statement, rest: str) -> list[dict[str, str]]:
    commands: list[dict[str, str]] = []
    for line in needed(statement, statement.text(rest), "lines of NAME: WHAT IT DOES").splitlines():
        name, colon, about = line.partition(":")
        if not colon:
            statement.fail("write each command as NAME: WHAT IT DOES")
        commands.append({"name": name.strip(), "description": about.strip()})
    return commands


@verb("offer NAME: WHAT IT DOES", "Announces new slash commands, one a line.", "talk", _offer)
def offer(play: Play, commands: list[dict[str, str]]) -> None:
    play.update("available_commands_update", keep=False, availableCommands=commands)
