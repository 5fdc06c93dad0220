"""How long it takes to say who wrote a line: a file of 10,000 lines after 500 turns.

    python -m bench.hover

The turns are real: a scripted agent edits the file in each, and each is captured. Measured is the
whole way of a hover through the LSP door, in the agent's worktree: the first one, later ones, and
those after each key stroke, when the text in the editor is another one every time.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.lsp.editor import Editor
from tests.support.athena import Athena, Client, make_repository
from tests.support.wait import until_sync

TITLE = "Hover through the LSP door"
LINES, TURNS = 10_000, 500
REPEATS = 40
STEP = 17
"""Turn n changes line STEP * n."""


def measured(work: Callable[[int], object], repeats: int = REPEATS) -> dict[str, float]:
    """Median and 95th percentile, in milliseconds."""
    times: list[float] = []
    for number in range(repeats):
        start = time.perf_counter()
        work(number)
        times.append((time.perf_counter() - start) * 1000)
    times.sort()
    return {"median": statistics.median(times), "p95": times[int(len(times) * 0.95) - 1]}


def prepared(client: Client, project: Path, turns: int) -> Path:
    """An agent that has changed one line in each of its turns; the file that it changed."""
    agent = client.call("athena/agent/spawn", project=str(project), name="author")["id"]
    client.until(agent, "idle")
    for number in range(1, turns + 1):
        line = number * STEP
        text = f"```scenario\nedit big.txt: line {line}; -> turn {number};\nsay Done.\n```"
        client.call("athena/agent/prompt", agent=agent, text=text)
    until_sync(
        lambda: client.agent(agent)["turns"] == turns and not client.agent(agent).get("turnId"),
        timeout=3600,
    )
    return Path(client.agent(agent)["workspace"]["path"], "big.txt")


def hovers(editor: Editor, path: Path) -> dict[str, dict[str, float]]:
    """First, later, and after each key stroke."""
    text = path.read_text()
    uri = editor.open(path)

    def hover(line: int) -> object:
        place = {"textDocument": {"uri": uri}, "position": {"line": line, "character": 0}}
        return editor.call("textDocument/hover", place, timeout=120)

    def typed(number: int) -> None:
        editor.change(uri, number + 2, f"typed {number}\n{text}")
        assert hover(STEP), "the line after a key stroke has its author"

    first = measured(lambda _: hover(STEP - 1), 1)
    assert hover(STEP - 1) and not hover(0), "only what the agent wrote has an author"
    later = measured(lambda n: hover(STEP * (n + 1) - 1))
    return {"the first": first, "later": later, "after each key stroke": measured(typed)}


def measure() -> dict[str, list[dict[str, object]]]:
    """The table by its title."""
    with tempfile.TemporaryDirectory(prefix="athena-hover-") as name:
        root = Path(name)
        (root / "athena.toml").write_text('[defaults]\nharness = "scripted"\n')
        lines = "".join(f"line {n}; of many\n" for n in range(1, LINES + 1))
        project = make_repository(root / "project", {"big.txt": lines})
        athena = Athena(root)
        athena.start()
        try:
            with athena.client() as client:
                path = prepared(client, project, TURNS)
                with Editor(athena, path.parent) as editor:
                    found = hovers(editor, path)
        finally:
            athena.stop()
    rows = [
        {
            "hover": what,
            "lines": LINES,
            "turns": TURNS,
            "median ms": round(row["median"], 1),
            "p95 ms": round(row["p95"], 1),
        }
        for what, row in found.items()
    ]
    return {TITLE: rows}


def main() -> None:
    """Measure and tell."""
    json.dump(measure(), sys.stdout, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
