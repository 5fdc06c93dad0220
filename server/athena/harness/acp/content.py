"""Content blocks between Athena and ACP, and errors in the classes that all harnesses share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from athena.harness.acp.memory import Agent
from athena.harness.decode import Json, maybe_number, obj, text
from athena.harness.errors import of_status, of_words, provider_words, status_in
from athena.protocol.content import (
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
)
from athena.protocol.events import TurnError


def to_acp(blocks: Sequence[ContentBlock], agent: Agent) -> list[dict[str, Any]]:
    """A prompt as the agent takes it; what it cannot take goes as text."""
    return [_block(one, agent) for one in blocks]


def _block(block: ContentBlock, agent: Agent) -> dict[str, Any]:
    match block:
        case TextContent():
            return {"type": "text", "text": block.text}
        case ImageContent():
            if not agent.images:
                return {"type": "text", "text": f"[an image, which you cannot see: {block.uri}]"}
            image = {"type": "image", "data": block.data, "mimeType": block.mime_type}
            return {**image, "uri": block.uri} if block.uri else image
        case ResourceLink():
            lines = _lines(block)
            name = f"{block.name}:{lines}" if lines else block.name
            uri = f"{block.uri}#L{lines}" if lines else block.uri
            return {"type": "resource_link", "uri": uri, "name": name}
        case EmbeddedResource():
            if not agent.embedded:
                return {"type": "text", "text": f"{block.uri}:\n\n{_fenced(block.text)}"}
            resource = {"uri": block.uri, "text": block.text}
            if block.mime_type:
                resource["mimeType"] = block.mime_type
            return {"type": "resource", "resource": resource}


def _lines(link: ResourceLink) -> str:
    if link.line is None:
        return ""
    return f"{link.line}-{link.end_line}" if link.end_line else str(link.line)


def _fenced(inside: str) -> str:
    longest = max((len(run) for run in re.findall("`+", inside)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{inside}\n{fence}"


def spoken(content: object) -> str:
    """The text of a content block; a short name in Markdown where it is none."""
    block = obj(content)
    match block.get("type"):
        case "text":
            return text(block.get("text"))
        case "resource_link":
            return f"[{text(block.get('name'))}]({text(block.get('uri'))})"
        case "resource":
            resource = obj(block.get("resource"))
            return text(resource.get("text")) or text(resource.get("uri"))
        case "image":
            uri = text(block.get("uri"))
            inline = f"data:{text(block.get('mimeType'))};base64,{text(block.get('data'))}"
            return f"![image]({uri or inline})"
        case kind:
            return f"[{kind}]"


AUTH_REQUIRED = -32000


def turn_error(error: Json) -> TurnError:
    """Why a turn failed. ACP has no classes of errors, so codes and words must tell."""
    message, kind = provider_words(text(error.get("message")) or "The agent gave no reason.")
    data = obj(error.get("data"))
    details = text(data.get("details")) or text(data.get("message")) or text(error.get("data"))
    if details and details not in message:
        message = f"{message}: {details}"
    status = _status(data, message)
    category = of_status(status)
    if category in ("unknown", "invalidRequest"):
        category = of_words(message, kind.replace("_", " ")) or category
    if category == "unknown" and error.get("code") == AUTH_REQUIRED:
        category = "authentication"
    return TurnError(category=category, message=message, status=status)


def _status(data: Json, message: str) -> int | None:
    for key in ("status", "statusCode", "httpStatus", "code"):
        value = maybe_number(data.get(key))
        if value is not None and 400 <= value < 600:
            return value
    return status_in(message)
