"""Tool calls: announced, perhaps permitted by the user, carried out, and their result shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from athena.scripted.asking import PermissionOptions, ask_permission
from athena.scripted.peer import RpcError
from athena.scripted.play import Cancelled, Play
from athena.scripted.source import Statement
from athena.scripted.verbs import verb

if TYPE_CHECKING:
    from pathlib import Path

A = TypeVar("A")
Content = list[dict[str, Any]]

READING = frozenset({"read", "search", "think", "fetch"})


class ToolError(Exception):
    """A tool could not do its work; the text is what the tool call shows."""


class Call(NamedTuple):
    """A tool call as it is announced."""

    title: str
    kind: str
    raw_input: dict[str, Any]
    paths: tuple[Path, ...] = ()
    line: int | None = None
    content: Content | None = None

    def fields(self) -> dict[str, Any]:
        """The fields of a `tool_call` update or of a permission request."""
        locations: list[dict[str, object]] = [{"path": str(path)} for path in self.paths]
        if self.line and locations:
            locations[0] = {"path": str(self.paths[0]), "line": self.line}
        return {
            "title": self.title,
            "kind": self.kind,
            "content": self.content,
            "locations": locations or None,
            "rawInput": self.raw_input,
        }


class Result(NamedTuple):
    """How a tool call ended. `output` becomes the variable of that name."""

    content: Content | None
    raw_output: Any
    output: str = ""
    failed: bool = False


class Tool(NamedTuple, Generic[A]):
    """A tool: what it will do, and the doing. Either may raise `ToolError`."""

    describe: Callable[[Play, A], Call]
    carry_out: Callable[[Play, A, str], Result]


class Planned(NamedTuple):
    """A tool with its arguments, as `permit` and `together` hold it."""

    tool: Tool[Any]
    args: Any


TOOLS: dict[str, tuple[Callable[[Statement, str], Any], Tool[Any]]] = {}


def text_content(text: str) -> Content:
    """A text as the content of a tool call."""
    return [{"type": "content", "content": {"type": "text", "text": text}}]


def tool_verb(usage: str, about: str, parse: Callable[[Statement, str], A], tool: Tool[A]) -> None:
    """Enter a tool into the tables of verbs and of tools."""
    TOOLS[usage.split()[0]] = (parse, tool)

    @verb(usage, about, "work", parse)
    def perform(play: Play, args: A) -> None:  # pyright: ignore[reportUnusedFunction]
        use(play, Planned(tool, args))


def announce(play: Play, planned: Planned) -> tuple[str, Call]:
    """Tell the client that a tool call is coming."""
    call_id = play.next_call()
    call = planned.tool.describe(play, planned.args)
    play.update("tool_call", toolCallId=call_id, status="pending", **call.fields())
    return call_id, call


def use(play: Play, planned: Planned, options: PermissionOptions | None = None) -> None:
    """Announce a tool call and perform it, after asking if there are options."""
    call_id, call = announce(play, planned)
    perform(play, planned, call_id, call, options)


def perform(
    play: Play, planned: Planned, call_id: str, call: Call, options: PermissionOptions | None = None
) -> None:
    """Perform a tool call that was announced, and leave its outcome in the variables."""
    if options and not _permitted(play, call_id, call, options):
        _end(play, call_id, Result(text_content("The user did not allow this."), None, failed=True))
        return
    if play.values["mode"] == "plan" and call.kind not in READING:
        text = "Not possible in plan mode."
        _end(play, call_id, Result(text_content(text), None, failed=True))
        play.values["outcome"] = "failure"
        return
    play.update("tool_call_update", toolCallId=call_id, status="in_progress")
    try:
        result = planned.tool.carry_out(play, planned.args, call_id)
    except (ToolError, OSError, UnicodeDecodeError, RpcError) as error:
        result = Result(text_content(str(error)), {"error": str(error)}, str(error), failed=True)
    except Cancelled:
        _end(play, call_id, Result(text_content("Cancelled."), None, failed=True))
        raise
    play.values["output"] = result.output
    play.values["outcome"] = "failure" if result.failed else "success"
    _end(play, call_id, result)


def _permitted(play: Play, call_id: str, call: Call, options: PermissionOptions) -> bool:
    if play.values["mode"] == "auto" or call.kind in play.session.always:
        return True
    try:
        outcome = ask_permission(play, {"toolCallId": call_id, **call.fields()}, options)
    except Cancelled:
        _end(play, call_id, Result(text_content("Cancelled."), None, failed=True))
        raise
    if outcome == "allow-always":
        play.session.always.add(call.kind)
        play.session.save()
    return outcome.startswith("allow")


def _end(play: Play, call_id: str, result: Result) -> None:
    play.update(
        "tool_call_update",
        toolCallId=call_id,
        status="failed" if result.failed else "completed",
        content=result.content,
        rawOutput=result.raw_output,
    )
