"""Verbs that touch files: read, search, edit, write, append, delete and move."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from athena.scripted.peer import RpcError
from athena.scripted.source import Statement, checked, needed
from athena.scripted.tools import Call, Result, Tool, ToolError, text_content, tool_verb

if TYPE_CHECKING:
    from athena.scripted.play import Play

_SHOWN_MATCHES = 50


def _client_files(play: Play, ability: str) -> bool:
    return not play.profile.own_files and play.agent.client_can("fs", ability)


def _load(play: Play, path: Path, lines: tuple[int, int] | None = None) -> str:
    """The file's text, or some of its lines; from the client where it offers its files."""
    first, last = lines or (1, 0)
    if _client_files(play, "readTextFile"):
        params: dict[str, object] = {"path": str(path)}
        if lines:
            params |= {"line": first, "limit": last - first + 1}
        try:
            return str(play.ask("fs/read_text_file", params)["content"])
        except RpcError:
            # Clients have no common error for a file that is not there.
            if path.exists():
                raise
            raise FileNotFoundError(f"There is no file {path}.") from None
    with path.open(encoding="utf-8", newline="") as file:
        text = file.read()
    return "".join(text.splitlines(keepends=True)[first - 1 : last]) if lines else text


def _store(play: Play, path: Path, text: str) -> None:
    if _client_files(play, "writeTextFile"):
        play.ask("fs/write_text_file", {"path": str(path), "content": text})
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(text)


class Read(NamedTuple):
    path: str
    lines: tuple[int, int] | None


def _parse_read(statement: Statement, rest: str) -> Read:
    statement.no_body()
    match = re.fullmatch(r"(.+?)(?: lines (\d+)-(\d+))?", needed(statement, rest, "a path"))
    if not match or (match[2] and not 0 < int(match[2]) <= int(match[3])):
        statement.fail("write: read PATH, or read PATH lines 3-10")
    lines = (int(match[2]), int(match[3])) if match[2] else None
    return Read(checked(statement, match[1]), lines)


def _describe_read(play: Play, args: Read) -> Call:
    path = play.path(play.expand(args.path))
    line = args.lines[0] if args.lines else None
    return Call(f"Read {play.expand(args.path)}", "read", {"path": str(path)}, (path,), line)


def _read(play: Play, args: Read, call_id: str) -> Result:
    text = _load(play, play.path(play.expand(args.path)), args.lines)
    return Result(text_content(text), {"content": text}, text)


tool_verb("read PATH [lines A-B]", "Reads a file.", _parse_read, Tool(_describe_read, _read))


class Search(NamedTuple):
    pattern: str
    folder: str


def _parse_search(statement: Statement, rest: str) -> Search:
    statement.no_body()
    pattern, _, folder = needed(statement, rest, "a pattern").partition(" in ")
    try:
        re.compile(pattern)
    except re.error as error:
        statement.fail(f"'{pattern}' is no regular expression: {error}")
    return Search(pattern, checked(statement, folder.strip() or "."))


def _describe_search(play: Play, args: Search) -> Call:
    folder = play.path(play.expand(args.folder))
    raw = {"pattern": args.pattern, "path": str(folder)}
    return Call(f"Search for {args.pattern}", "search", raw, (folder,))


def _search(play: Play, args: Search, call_id: str) -> Result:
    folder = play.path(play.expand(args.folder))
    found: list[str] = []
    for path in sorted(folder.rglob("*")):
        if len(found) >= _SHOWN_MATCHES:
            break
        parts = path.relative_to(folder).parts
        if path.is_symlink() or not path.is_file() or any(part[0] == "." for part in parts):
            continue
        play.heed()
        lines = path.read_bytes().decode(errors="replace").splitlines()
        found += [
            f"{'/'.join(parts)}:{number}: {line}"
            for number, line in enumerate(lines, start=1)
            if re.search(args.pattern, line)
        ]
    text = "\n".join(found[:_SHOWN_MATCHES]) or "No matches."
    return Result(text_content(text), {"matches": len(found)}, text)


tool_verb(
    "search PATTERN [in FOLDER]",
    "Searches the files for a regular expression.",
    _parse_search,
    Tool(_describe_search, _search),
)


class Change(NamedTuple):
    """A change of one file: `old` and `new` texts in pairs, or the text to write or append."""

    verb: str
    path: str
    hunks: list[tuple[str, str]]


def _path_and_text(statement: Statement, rest: str) -> tuple[str, str]:
    path, colon, first = rest.partition(":")
    if not colon or not path.strip():
        statement.fail(f"write: {statement.verb()[0]} PATH: TEXT, or the text in indented lines")
    return checked(statement, path.strip()), statement.text(first.strip())


def _parse_write(statement: Statement, rest: str) -> Change:
    path, text = _path_and_text(statement, rest)
    whole = checked(statement, text) + "\n" if text else ""
    return Change(statement.verb()[0], path, [("", whole)])


def _parse_edit(statement: Statement, rest: str) -> Change:
    path, text = _path_and_text(statement, rest)
    if statement.body:
        return Change("edit", path, _hunks(statement))
    old, arrow, new = text.partition(" -> ")
    if not arrow:
        statement.fail("write: edit PATH: OLD -> NEW, or lines that begin with -, + or a space")
    return Change("edit", path, [(checked(statement, old), checked(statement, new))])


def _hunks(statement: Statement) -> list[tuple[str, str]]:
    """Hunks as in a unified diff, separated by lines that begin with `@@`."""
    hunks: list[tuple[list[str], list[str]]] = [([], [])]
    for number, text in statement.body:
        checked(statement, text)
        mark, line = text[:1], text[1:] + "\n"
        if text.startswith("@@"):
            hunks.append(([], []))
        elif mark not in ("-", "+", " ", ""):
            statement.fail("a line of an edit begins with -, + or a space", number)
        if mark in ("-", " ", ""):
            hunks[-1][0].append(line)
        if mark in ("+", " ", "") and not text.startswith("@@"):
            hunks[-1][1].append(line)
    texts = [("".join(old), "".join(new)) for old, new in hunks if old or new]
    for old, new in texts:
        if not old or old == new:
            statement.fail("each hunk needs a line to find and a line to change")
    return texts


def _changed(play: Play, change: Change) -> tuple[Path, str | None, str]:
    """The file, its text before (None: there is no file) and its text after the change."""
    path = play.path(play.expand(change.path))
    try:
        before = _load(play, path)
    except FileNotFoundError:
        before = None
    if change.verb == "write":
        return path, before, play.expand(change.hunks[0][1])
    if change.verb == "append":
        return path, before, (before or "") + play.expand(change.hunks[0][1])
    if before is None:
        raise ToolError(f"There is no file {path}.")
    after = before
    for raw_old, raw_new in change.hunks:
        old, new = play.expand(raw_old), play.expand(raw_new)
        if old not in after:
            raise ToolError(f"The text to replace was not found in {path}:\n{old}")
        after = after.replace(old, new, 1)
    return path, before, after


def _diff(path: Path, before: str | None, after: str) -> list[dict[str, object]]:
    return [{"type": "diff", "path": str(path), "oldText": before, "newText": after}]


def _describe_change(play: Play, change: Change) -> Call:
    name = play.expand(change.path)
    path = play.path(name)
    title = {"edit": "Edit", "write": "Write", "append": "Append to"}[change.verb]
    content, line = None, None
    try:
        _, before, after = _changed(play, change)
        content = _diff(path, before, after)
        line = _first_difference(before or "", after)
    except (ToolError, OSError, UnicodeDecodeError):
        pass  # The failure is told when the tool is carried out.
    return Call(f"{title} {name}", "edit", {"path": str(path)}, (path,), line, content)


def _first_difference(before: str, after: str) -> int:
    pairs = zip(before.splitlines(), after.splitlines(), strict=False)
    for number, (old, new) in enumerate(pairs, start=1):
        if old != new:
            return number
    return min(len(before.splitlines()), len(after.splitlines())) + 1


def _change(play: Play, change: Change, call_id: str) -> Result:
    path, before, after = _changed(play, change)
    _store(play, path, after)
    return Result(_diff(path, before, after), None, after)


tool_verb(
    "edit PATH: OLD -> NEW",
    "Replaces the first place where a file holds the old text; or hunks in indented lines that "
    "begin with `-`, `+` or a space, separated by `@@`.",
    _parse_edit,
    Tool(_describe_change, _change),
)
tool_verb(
    "write PATH: TEXT",
    "Writes a file; the text may be in indented lines.",
    _parse_write,
    Tool(_describe_change, _change),
)
tool_verb(
    "append PATH: TEXT",
    "Writes at the end of a file; the text may be in indented lines.",
    _parse_write,
    Tool(_describe_change, _change),
)


def _parse_delete(statement: Statement, rest: str) -> str:
    statement.no_body()
    return checked(statement, needed(statement, rest, "a path"))


def _describe_delete(play: Play, name: str) -> Call:
    path = play.path(play.expand(name))
    return Call(f"Delete {play.expand(name)}", "delete", {"path": str(path)}, (path,))


def _delete(play: Play, name: str, call_id: str) -> Result:
    play.path(play.expand(name)).unlink()
    return Result(None, None)


tool_verb("delete PATH", "Deletes a file.", _parse_delete, Tool(_describe_delete, _delete))


class Move(NamedTuple):
    old: str
    new: str


def _parse_move(statement: Statement, rest: str) -> Move:
    statement.no_body()
    old, arrow, new = rest.partition(" -> ")
    if not arrow:
        statement.fail("write: move OLD -> NEW")
    return Move(checked(statement, old.strip()), checked(statement, new.strip()))


def _describe_move(play: Play, args: Move) -> Call:
    old, new = play.path(play.expand(args.old)), play.path(play.expand(args.new))
    raw = {"from": str(old), "to": str(new)}
    return Call(f"Move {play.expand(args.old)} to {play.expand(args.new)}", "move", raw, (old, new))


def _move(play: Play, args: Move, call_id: str) -> Result:
    new = play.path(play.expand(args.new))
    new.parent.mkdir(parents=True, exist_ok=True)
    play.path(play.expand(args.old)).rename(new)
    return Result(None, None)


tool_verb("move OLD -> NEW", "Moves a file.", _parse_move, Tool(_describe_move, _move))
