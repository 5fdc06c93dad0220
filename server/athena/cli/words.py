"""How things look in a terminal: statuses, money, tokens, times, items."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from rich.text import Text

STATUS_STYLES: dict[str, tuple[str, str]] = {
    "starting": ("○", "cyan"),
    "working": ("●", "blue"),
    "needsPermission": ("?", "bold yellow"),
    "needsInput": ("?", "bold yellow"),
    "idle": ("◌", "green"),
    "done": ("✓", "green"),
    "interrupted": ("‖", "yellow"),
    "failed": ("✗", "bold red"),
    "dead": ("✗", "red"),
    "imported": ("↓", "dim"),
}

TOOL_SIGNS: dict[str, str] = {
    "read": "read",
    "edit": "edit",
    "delete": "delete",
    "move": "move",
    "search": "search",
    "execute": "run",
    "think": "think",
    "fetch": "fetch",
    "switch_mode": "mode",
    "other": "tool",
}

STATUS_WORDS = {"needsPermission": "needs permission", "needsInput": "needs input"}


def part(value: dict[str, Any], key: str) -> dict[str, Any]:
    """An object inside an answer; empty when it is absent."""
    found: dict[str, Any] = value.get(key) or {}
    return found


def parts(value: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """A list of objects inside an answer; empty when it is absent."""
    found: list[dict[str, Any]] = value.get(key) or []
    return found


def others(place: dict[str, Any]) -> list[dict[str, Any]]:
    """The other repositories of a workspace: worktrees beside it, and submodules in it."""
    return [*parts(place, "also"), *parts(place, "submodules")]


def status(name: str, stalled: bool = False) -> Text:
    """A status with its sign and colour."""
    sign, style = STATUS_STYLES.get(name, ("·", "white"))
    words = STATUS_WORDS.get(name, name)
    return Text(f"{sign} {words}{' (stalled)' if stalled else ''}", style=style)


def money(cost: dict[str, Any] | None) -> str:
    """An amount, marked `~` where it is not what the harness reported."""
    if not cost:
        return ""
    mark = "" if cost.get("source") == "reported" else "~"
    unit = "$" if cost.get("currency") == "USD" else f"{cost.get('currency')} "
    return f"{mark}{unit}{cost['amount']:.4f}"


def count(n: int) -> str:
    """A number of tokens, short."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if n >= size:
            return f"{n / size:.1f}{letter}"
    return str(n)


def tokens(usage: dict[str, Any] | None) -> str:
    """Tokens in and out."""
    if not usage:
        return ""
    sent, got = usage.get("inputTokens", 0), usage.get("outputTokens", 0)
    return f"{count(sent)}↑ {count(got)}↓" if sent or got else ""


def asked(request: dict[str, Any]) -> str:
    """What a request asks, on a line."""
    if request["type"] == "permission":
        return str(request["title"])
    return "; ".join(q["text"] for q in request["questions"])


def text_of(content: list[dict[str, Any]]) -> str:
    """The words of a prompt, on one line; of what is no text the kind."""
    return " ".join(" ".join(b.get("text", f"[{b['type']}]") for b in content).split())


def home(path: str) -> str:
    """A path, with `~` for the user's home."""
    mine = str(Path.home())
    return f"~{path[len(mine) :]}" if path == mine or path.startswith(f"{mine}/") else path


def lasting(seconds: float) -> str:
    """How long something lasts: `5 s`, `30 min`, `2 h 5 min`, `3 d 4 h`."""
    whole = round(seconds)
    for size, name, below, rest in ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min")):
        if whole >= size:
            left = whole % size // below
            return f"{whole // size} {name}" + (f" {left} {rest}" if left else "")
    return f"{whole // 60} min" if whole >= 60 else f"{whole} s"


def ago(at_ms: int) -> str:
    """How long ago, short."""
    seconds = max(0, int(time.time() - at_ms / 1000))
    for size, letter in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{letter}"
    return f"{seconds}s"


def item_line(item: dict[str, Any]) -> Text | None:
    """An item as one line of a live display; None for what is not worth a line."""
    match item["type"]:
        case "userMessage":
            return Text(f"❯ {_short(text_of(item['content']))}", style="bold")
        case "message":
            return Text(_short(item["text"])) if item["text"].strip() else None
        case "reasoning":
            return Text(f"  {_short(item['text'])}", style="dim italic")
        case "toolCall":
            return _tool_line(item)
        case "plan":
            done = sum(e["status"] == "completed" for e in item["entries"])
            return Text(f"  plan {done}/{len(item['entries'])}", style="magenta")
        case "notice":
            style = {"warning": "yellow", "error": "red"}.get(item["level"], "dim")
            return Text(f"  {_short(item['text'])}", style=style)
        case _:
            return Text(f"  unrecognised: {_short(item.get('reason', ''))}", style="dim red")


def _tool_line(item: dict[str, Any]) -> Text:
    sign = TOOL_SIGNS.get(item["tool"], "tool")
    style = {"failed": "red", "cancelled": "yellow", "completed": "green"}.get(
        item["status"], "cyan"
    )
    line = Text(f"  {sign:<6} ", style=style)
    return line.append(_short(item["title"]), style="default")


def _short(text: str, most: int = 160) -> str:
    one = " ".join(text.split())
    return one if len(one) <= most else one[: most - 1] + "…"


def markdown_item(item: dict[str, Any]) -> str:
    """An item of a transcript as Markdown."""
    match item["type"]:
        case "userMessage":
            words = "\n".join(b.get("text", f"[{b['type']}]") for b in item["content"])
            return "\n".join(f"> {line}" for line in words.splitlines())
        case "message":
            return str(item["text"])
        case "reasoning":
            return f"*{item['text'].strip()}*"
        case "toolCall":
            return _tool_markdown(item)
        case "plan":
            signs = {"completed": "x", "inProgress": "~"}
            return "\n".join(
                f"- [{signs.get(e['status'], ' ')}] {e['text']}" for e in item["entries"]
            )
        case "notice":
            return f"**{item['level']}**: {item['text']}"
        case _:
            return f"**not understood** ({item.get('reason')}):\n```\n{item.get('raw')}\n```"


def _tool_markdown(item: dict[str, Any]) -> str:
    sign = TOOL_SIGNS.get(item["tool"], "tool")
    parts = [f"`{sign}` **{item['title']}** ({item['status']})"]
    for content in item.get("content", []):
        match content["type"]:
            case "text":
                parts.append(f"```\n{content['text'].rstrip()}\n```")
            case "terminal":
                parts.append(f"```\n{(content.get('output') or '').rstrip()}\n```")
            case "diff":
                parts.append(f"```diff\n{diff_of(content)}```")
            case _:
                parts.append(f"[{content['type']}]")
    return "\n".join(parts)


def diff_of(content: dict[str, Any]) -> str:
    """A unified diff of a tool call's change."""
    import difflib

    before = (content.get("oldText") or "").splitlines(keepends=True)
    after = content["newText"].splitlines(keepends=True)
    lines = difflib.unified_diff(before, after, "before", content["path"])
    return "".join(line if line.endswith("\n") else line + "\n" for line in lines)
