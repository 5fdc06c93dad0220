"""A large agent, made by an import: far quicker than to let it work."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.athena import Athena

Json = dict[str, Any]
WORDS = "The parser now keeps the position of each token, so that errors can name it. "


def item(number: int) -> Json:
    """An item of a kind that depends on its number, of about half a kilobyte."""
    match number % 4:
        case 0:
            text = f"Step **{number}** of many. {WORDS * 4}\n\n- `code` and *more*\n- a list"
            return {"type": "message", "text": text}
        case 1:
            code = "\n".join(f"def step_{number}_{n}(x): return x + {n}" for n in range(8))
            return {"type": "message", "text": f"Step {number}\n\n```python\n{code}\n```"}
        case 2:
            output = "\n".join(f"{number}: line {n} of the output" for n in range(14))
            return {
                "type": "toolCall",
                "title": f"make step-{number}",
                "tool": "execute",
                "status": "failed" if number % 1000 == 2 else "completed",
                "content": [{"type": "text", "text": output}],
            }
        case _:
            old = "\n".join(f"line {n} before {number}" for n in range(7))
            new = old.replace("before", "after", 2)
            return {
                "type": "toolCall",
                "title": f"Edit step_{number}.py",
                "tool": "edit",
                "status": "completed",
                "content": [
                    {"type": "diff", "path": f"step_{number}.py", "oldText": old, "newText": new}
                ],
            }


def grow(small: Path, large: Path, stream: str, count: int) -> int:
    """Write an export with so many items more in an agent's last turn; returns its size in bytes.

    `small` is an export in which that agent has ended its turn.
    """
    header, *rest = small.read_text().splitlines()
    events = [json.loads(line) for line in rest if '"type":"event"' in line]
    end = max(n for n, e in enumerate(events) if e["stream"] == stream and e["kind"] == "turnEnded")
    turn, at = events[end]["data"]["turnId"], events[end]["at"]
    model = events[end]
    more: list[Json] = []
    for number in range(count):
        whole = item(number)
        begun: Json = {**whole, "text": ""} if "text" in whole else {**whole, "content": []}
        for kind, shown in (("itemStarted", begun), ("itemCompleted", whole)):
            data: Json = {"itemId": f"{turn}.x{number}", "turnId": turn, "item": shown}
            more.append({**model, "at": at + number, "kind": kind, "data": data})
    events[end:end] = more
    versions: dict[str, int] = {}
    with large.open("w") as out:
        out.write(json.dumps({**json.loads(header), "head": len(events)}) + "\n")
        for seq, event in enumerate(events, 1):
            versions[event["stream"]] = version = versions.get(event["stream"], 0) + 1
            out.write(json.dumps({**event, "seq": seq, "version": version}) + "\n")
        for line in rest:
            if line.startswith('{"type":"end"'):
                told = json.loads(line)
                told["counts"]["event"] = len(events)
                out.write(json.dumps(told) + "\n")
            elif '"type":"event"' not in line:
                out.write(line + "\n")
    return large.stat().st_size


def large_athena(small: Athena, root: Path, agent: str, count: int) -> Athena:
    """Another Athena, which holds what `small` holds, with so many items more."""
    export, grown = root / "small.ndjson", root / "large.ndjson"
    small.run("export", str(export))
    small.stop()
    grow(export, grown, agent, count)
    home = root / "large"
    home.mkdir()
    (home / "athena.toml").write_text('[defaults]\nharness = "scripted"\n')
    large = Athena(home)
    large.run("import", str(grown))
    return large
