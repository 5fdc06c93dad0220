"""The layout of a scenario: statements with the more deeply indented lines that belong to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple, NoReturn

_VARIABLE = re.compile(r"\$?\$\{([^}\n]*)\}")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}
_SIZES = {"": 1, "B": 1, "KB": 1024, "MB": 1024**2}

VARIABLES = {
    "prompt": "the text of this turn's prompt",
    "attachments": "what the prompt holds besides text, such as `image/png, hello.py`",
    "turn": "the number of the session's turn, from 1",
    "session": "the session's identifier",
    "cwd": "the session's working directory",
    "mode": "the session's mode",
    "model": "the session's model",
    "mcp": "the names of the MCP servers that the client passed",
    "outcome": "how the last `ask`, `permit`, `question`, `request` or tool ended",
    "answer": "the last answer to a `question`",
    "exit": "the exit code of the last command",
    "output": "what the last command printed or the last file read holds",
    "steered": "the last prompt that was steered into the turn",
    "count": "the round of the innermost `repeat`, from 1",
}


class ScenarioError(Exception):
    """A scenario that cannot be understood; the text says where and why."""

    def __init__(self, origin: str, line: int, message: str) -> None:
        super().__init__(f"{origin}:{line}: {message}")


class Line(NamedTuple):
    """A line of text with its number in the file."""

    number: int
    text: str


class Statement(NamedTuple):
    """One statement: its first line without indentation, and the lines below it, dedented."""

    origin: str
    number: int
    head: str
    body: tuple[Line, ...]

    def fail(self, message: str, line: int | None = None) -> NoReturn:
        """Refuse the statement."""
        raise ScenarioError(self.origin, line or self.number, message)

    def verb(self) -> tuple[str, str]:
        """The first word and the rest of the head."""
        word, _, rest = self.head.partition(" ")
        return word, rest.strip()

    def text(self, first: str) -> str:
        """A text that may go on in the lines below: `first`, then the body."""
        lines = [line.text for line in self.body]
        return "\n".join([first, *lines] if first else lines)

    def no_body(self) -> None:
        """Refuse lines below a statement that takes none."""
        if self.body:
            word = self.verb()[0]
            self.fail(f"'{word}' takes no indented lines", self.body[0].number)


def lines_of(text: str) -> list[Line]:
    """The numbered lines of a text."""
    return [
        Line(number, line.rstrip("\r") if line.strip() else "")
        for number, line in enumerate(text.split("\n"), start=1)
    ]


def statements(lines: Iterable[Line], origin: str) -> Iterator[Statement]:
    """The statements among lines of one indentation, comments and blank lines left out."""
    head: Line | None = None
    body: list[Line] = []
    for line in lines:
        if head is not None and (not line.text or line.text.startswith(" ")):
            body.append(line)
            continue
        if head is not None:
            yield Statement(origin, head.number, head.text.rstrip(), _dedent(body))
        head, body = None, []
        if not line.text or line.text.startswith("#"):
            continue
        if line.text[0] in " \t":
            raise ScenarioError(origin, line.number, "indented, but under no statement")
        head = line
    if head is not None:
        yield Statement(origin, head.number, head.text.rstrip(), _dedent(body))


def _dedent(lines: list[Line]) -> tuple[Line, ...]:
    while lines and not lines[-1].text:
        lines.pop()
    margin = min((len(t) - len(t.lstrip(" ")) for _, t in lines if t), default=0)
    return tuple(Line(number, text[margin:]) for number, text in lines)


def checked(statement: Statement, text: str) -> str:
    """The text itself, after its `${variables}` were found to exist."""
    for match in _VARIABLE.finditer(text):
        if not match[0].startswith("$$") and match[1] not in VARIABLES:
            known = ", ".join(VARIABLES)
            statement.fail(f"unknown variable ${{{match[1]}}}; there are: {known}")
    return text


def expand(text: str, values: dict[str, str]) -> str:
    """The text with its `${variables}` filled in; `$${` stands for a plain `${`."""

    def fill(match: re.Match[str]) -> str:
        return match[0][1:] if match[0].startswith("$$") else values.get(match[1], "")

    return _VARIABLE.sub(fill, text)


def seconds(statement: Statement, word: str) -> float:
    """A duration such as `200ms`, `1.5s` or `2m`, in seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m)", word)
    if not match:
        statement.fail(f"'{word}' is no duration; write 200ms, 1.5s or 2m")
    return float(match[1]) * _UNITS[match[2]]


def size(statement: Statement, word: str) -> int:
    """A size such as `500`, `64KB` or `100MB`, in bytes."""
    match = re.fullmatch(r"(\d+)(B|KB|MB)?", word)
    if not match:
        statement.fail(f"'{word}' is no size; write 500, 64KB or 100MB")
    return int(match[1]) * _SIZES[match[2] or ""]


def whole(statement: Statement, word: str, what: str) -> int:
    """A whole number, not negative."""
    if not word.isdecimal():
        statement.fail(f"'{word}' is no {what}; write a whole number")
    return int(word)


def needed(statement: Statement, text: str, what: str) -> str:
    """The text, refused when empty."""
    if not text.strip():
        statement.fail(f"'{statement.verb()[0]}' needs {what}")
    return text


def block_head(statement: Statement, text: str) -> str:
    """The head of a block without its colon, refused when the colon or the block is missing."""
    if not text.endswith(":"):
        statement.fail(f"'{statement.head}' begins a block: end the line with a colon")
    if not statement.body:
        statement.fail(f"'{statement.head}' has no indented lines below it")
    return text[:-1].strip()
