"""Prompts as Claude Code takes them: Anthropic message content."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Literal
from urllib.parse import unquote, urlsplit

from athena.harness.claude.memory import Work
from athena.harness.decode import Json
from athena.protocol.content import (
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
)

NAMESPACE = uuid.UUID("5b0a8a0e-6a37-5d0c-9f0e-2f6f1c2f7a11")


def session_uuid(run_id: str) -> str:
    """The name of a new session: Claude Code wants a UUID, and a driver may not roll dice."""
    return str(uuid.uuid5(NAMESPACE, f"session {run_id}"))


def prompt_uuid(run_id: str, prompt_id: str) -> str:
    """The name of a prompt, by which Claude Code says what a turn answers."""
    return str(uuid.uuid5(NAMESPACE, f"prompt {run_id} {prompt_id}"))


def send_prompt(
    work: Work,
    prompt_id: str,
    content: Sequence[ContentBlock],
    priority: Literal["next"] | None = None,
) -> str:
    """Send a prompt, after the primer where there is one; the prompt's UUID."""
    blocks = [_block(block) for block in content]
    if work.memory.primer is not None:
        blocks.insert(0, {"type": "text", "text": work.memory.primer})
        work.remember(primer=None)
    name = prompt_uuid(work.ledger.run_id, prompt_id)
    message: Json = {
        "type": "user",
        "uuid": name,
        "session_id": work.memory.session_id,
        "parent_tool_use_id": None,
        "message": {"role": "user", "content": blocks},
    }
    if priority:
        message["priority"] = priority
    work.send(message)
    return name


def _block(block: ContentBlock) -> Json:
    match block:
        case TextContent():
            return {"type": "text", "text": block.text}
        case ImageContent():
            source = {"type": "base64", "media_type": block.mime_type, "data": block.data}
            return {"type": "image", "source": source}
        case ResourceLink():
            return {"type": "text", "text": _mention(block)}
        case EmbeddedResource():
            text = f'<resource uri="{block.uri}">\n{block.text}\n</resource>'
            return {"type": "text", "text": text}


def _mention(link: ResourceLink) -> str:
    """`@path#L1-9`, which Claude Code reads as the file's lines; other resources by address."""
    parts = urlsplit(link.uri)
    if parts.scheme not in ("", "file"):
        return f"{link.name}: {link.uri}"
    path = unquote(parts.path)
    if link.line is None:
        return f"@{path}"
    last = f"-{link.end_line}" if link.end_line and link.end_line != link.line else ""
    return f"@{path}#L{link.line}{last}"
