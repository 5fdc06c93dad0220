"""Content blocks of prompts and tool calls, as in the Agent Client Protocol (ACP v1, `content`)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from athena.protocol.base import Record


class TextContent(Record):
    """Plain text or Markdown."""

    type: Literal["text"] = "text"
    text: str


class ImageContent(Record):
    """An image: `data` is base64."""

    type: Literal["image"] = "image"
    data: str
    mime_type: str
    uri: str | None = None


class ResourceLink(Record):
    """A reference to a file or other resource that the harness may read by itself.

    `line` and `end_line` count from 1 and name a selection, both included. A file of the user's
    own tree reaches the harness as the same file of the agent's worktree, where that has it.
    """

    type: Literal["resource_link"] = "resource_link"
    uri: str
    name: str
    line: int | None = None
    end_line: int | None = None


class EmbeddedResource(Record):
    """A resource with its text, for harnesses that cannot read it by themselves."""

    type: Literal["resource"] = "resource"
    uri: str
    text: str
    mime_type: str | None = None


ContentBlock = Annotated[
    TextContent | ImageContent | ResourceLink | EmbeddedResource, Field(discriminator="type")
]


class ToolText(Record):
    """What a tool said, as text."""

    type: Literal["text"] = "text"
    text: str


class ToolImage(Record):
    """What a tool showed, as an image: `data` is base64."""

    type: Literal["image"] = "image"
    data: str
    mime_type: str


class ToolDiff(Record):
    """A change of one file. `old_text` is null when the file is new."""

    type: Literal["diff"] = "diff"
    path: str
    old_text: str | None = None
    new_text: str


class ToolTerminal(Record):
    """The output of a terminal that the tool call runs in."""

    type: Literal["terminal"] = "terminal"
    terminal_id: str
    output: str | None = None
    exit_code: int | None = None


ToolContent = Annotated[ToolText | ToolImage | ToolDiff | ToolTerminal, Field(discriminator="type")]


class Location(Record):
    """A file that a tool call touches. `path` is absolute; `line` counts from 1."""

    path: str
    line: int | None = None


def plain_text(content: list[ContentBlock] | tuple[ContentBlock, ...]) -> str:
    """The text of a prompt, with a short name where something is not text."""
    parts: list[str] = []
    for block in content:
        match block:
            case TextContent():
                parts.append(block.text)
            case ImageContent():
                parts.append(f"[image {block.mime_type}]")
            case ResourceLink():
                parts.append(f"@{block.name}")
            case EmbeddedResource():
                parts.append(f"@{block.uri}")
    return "\n".join(parts)
