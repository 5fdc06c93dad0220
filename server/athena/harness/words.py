"""Prompts in plain words, for harnesses that take no more than text and images."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from athena.protocol.content import EmbeddedResource, ResourceLink


def mention(link: ResourceLink) -> str:
    """A path that the model reads by itself, with the lines that are meant."""
    parts = urlsplit(link.uri)
    if parts.scheme not in ("", "file"):
        return f"{link.name}: {link.uri}"
    lines = f":{link.line}-{link.end_line or link.line}" if link.line is not None else ""
    return f"@{unquote(parts.path)}{lines}"


def quoted(resource: EmbeddedResource) -> str:
    """A resource with its text."""
    return f'<resource uri="{resource.uri}">\n{resource.text}\n</resource>'
