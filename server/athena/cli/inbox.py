"""`athena inbox` and `athena answer`: what agents ask of you."""

from __future__ import annotations

import json
import re
from typing import Any

import click
from rich.text import Text

from athena.cli import completing, options, words
from athena.cli.advice import quoted
from athena.cli.output import Exit, Failure, json_option, out, say, tell_json
from athena.cli.session import Session, session

REQUEST_ID = re.compile(r".+\.r\d+\.r\d+")
"""The driver names requests: agent, run, number."""


@click.command("inbox")
@options.agent("Only what this agent asks.")
@json_option
def inbox(agent: str | None, as_json: bool) -> None:
    """Show what agents ask of you."""
    with session() as daemon:
        found = daemon.call("athena/request/list", agent=agent)
    if as_json:
        tell_json(found)
        return
    if not found["requests"]:
        out.print("Nothing waits for you.", style="dim")
    names = [r["agentName"] for r in found["requests"]]
    for request in found["requests"]:
        name = request["agentName"]
        _show(request, request["requestId"] if names.count(name) > 1 else quoted(name))


def _show(opened: dict[str, Any], named: str) -> None:
    """A request, and the command that answers it: `named` is what it can be called."""
    request = opened["request"]
    head = Text(f"{opened['requestId']}  ", style="bold yellow")
    head.append(f"{opened['agentName']}, {words.ago(opened['at'])} ago", style="dim")
    out.print(head)
    if request["type"] == "permission":
        out.print(f"  {request['title']}", markup=False)
        call = words.part(request, "toolCall")
        for content in words.parts(call, "content"):
            if content["type"] == "diff":
                out.print(words.diff_of(content), markup=False, style="dim")
        if request["editable"] and call.get("input") is not None:
            out.print(f"  input {json.dumps(call['input'])}", markup=False, style="dim")
        for option in request["options"]:
            out.print(f"  {option['id']:<16} {option['name']}", markup=False)
        out.print(f"  athena answer {named} allow", style="dim", markup=False)
        return
    for question in request["questions"]:
        out.print(f"  {question['id']}: {question['text']}", markup=False)
        for choice in question["choices"]:
            out.print(f"    - {choice['label']}", markup=False)
    several = len(request["questions"]) > 1
    answers = [
        f"{q['id']}=…" if several else quoted((q["choices"] or [{"label": "…"}])[0]["label"])
        for q in request["questions"]
    ]
    say(f"  athena answer {named} {' '.join(answers)}", style="dim")


def _named(daemon: Session, name: str) -> tuple[str, dict[str, Any]]:
    """The id and the request that a name means: an id, or an agent that asks one thing.

    A request that is not open any more is empty.
    """
    by_id = bool(REQUEST_ID.fullmatch(name))
    asked = daemon.call("athena/request/list", agent=None if by_id else name)["requests"]
    if by_id:
        found = [one["request"] for one in asked if one["requestId"] == name]
        return name, found[0] if found else {}
    if not asked:
        raise Failure(f"{name} asks nothing. All that waits: athena inbox", Exit.NOT_FOUND)
    if len(asked) > 1:
        ids = ", ".join(one["requestId"] for one in asked)
        raise Failure(f"{name} asks {len(asked)} things. Which one? {ids}", Exit.NOT_FOUND)
    return asked[0]["requestId"], asked[0]["request"]


def _answers(
    request: dict[str, Any], said: tuple[str, ...]
) -> tuple[str | None, dict[str, list[str]]]:
    """What was said as an option, or as texts by question. A lone question needs not be named."""
    questions = [q["id"] for q in words.parts(request, "questions")]
    if len(questions) == 1 and said and not any(s.startswith(f"{questions[0]}=") for s in said):
        several = words.parts(request, "questions")[0].get("several")
        return None, {questions[0]: list(said) if several else [" ".join(said)]}
    option: str | None = None
    texts: dict[str, list[str]] = {}
    for given in said:
        key, sign, text = given.partition("=")
        if sign:
            texts.setdefault(key, []).append(text)
        elif questions:
            wanted = " ".join(f"{one}=…" for one in questions)
            raise Failure(f"Say which question {given!r} answers: {wanted}", Exit.USAGE)
        elif option is None:
            option = given
        else:
            raise Failure(f"One option is enough: {option!r} or {given!r}?", Exit.USAGE)
    return option, texts


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Failure(f"--edit takes JSON: {error}", Exit.USAGE) from error


@click.command("answer")
@click.argument("request", shell_complete=completing.askers)
@click.argument("answers", nargs=-1, shell_complete=completing.answers)
@click.option("--cancel", is_flag=True, help="Refuse to answer.")
@click.option(
    "--remember",
    type=click.Choice(["session", "project"]),
    help="Make a rule of it: for this agent, or for the project.",
)
@click.option(
    "--edit",
    "edited",
    metavar="JSON",
    help="Allow it with another input for the tool, where the request can be edited.",
)
@click.option("--note", metavar="TEXT", help="A word to the agent, where its harness takes one.")
@json_option
def answer(
    request: str,
    answers: tuple[str, ...],
    cancel: bool,
    remember: str | None,
    edited: str | None,
    note: str | None,
    as_json: bool,
) -> None:
    """Answer REQUEST: with an option (its id, `allow`, `reject`), or with words for a question.

    Of several questions each is answered by QUESTION=TEXT. REQUEST is what `athena inbox` shows, or
    the name of an agent that asks one thing.
    """
    with session() as daemon:
        request_id, asked = _named(daemon, request)
        option, texts = _answers(asked, answers)
        done = daemon.call(
            "athena/request/answer",
            requestId=request_id,
            option=option or (None if edited is None else "allow"),
            answers=texts or None,
            cancel=cancel or None,
            note=note,
            remember=remember,
            edited=None if edited is None else _json(edited),
        )
    if as_json:
        tell_json(done)
        return
    told = "It is refused." if cancel else "It is answered."
    rule = " Rules: athena permission rules" if remember == "project" else ""
    say(told + rule)
