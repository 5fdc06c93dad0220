"""`python -m tests.nvim.capture`: pictures of the main views for the documentation, from a real Neovim."""

from __future__ import annotations

import io
import re
import sys
import tempfile
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.style import Style
from rich.text import Text

from tests.nvim.conftest import NEWEST, PLUGIN, environment
from tests.nvim.screen import Grid, Nvim
from tests.support.athena import Athena, Client, make_repository
from tools.setup import path as tool

IMAGES = Path(__file__).parents[2] / "docs" / "images"
SIZE = (100, 32)

BASKET = """\
def total(prices):
    result = 0
    for price in prices:
        result = result + price
    return result


def cheapest(prices):
    best = prices[0]
    for price in prices:
        if price < best:
            best = price
    return best
"""
REPAIR = """\
title  Repair the basket
think  An empty basket has no first price.
say    I look at the basket first, then I repair `cheapest`.
plan   [x] Read the code  [>] Repair  [ ] Test
read   basket.py
edit   basket.py:
    -    result = 0
    -    for price in prices:
    -        result = result + price
    -    return result
    +    return sum(prices)
edit   basket.py:
    -    best = prices[0]
    -    for price in prices:
    -        if price < best:
    -            best = price
    -    return best
    +    return min(prices, default=0)
plan   [x] Read the code  [x] Repair  [>] Test
permit run python3 -m unittest
plan   [x] Read the code  [x] Repair  [x] Test
usage  input=5200 output=310 cached=4100 cost=0.021
say    Both functions are **one line now**.
"""
RIVAL = """\
title  Repair the basket, another way
say    I repair `cheapest` only.
edit   basket.py:
    -    best = prices[0]
    +    if not prices:
    +        return 0
    +    best = prices[0]
usage  input=3900 output=140 cached=2100 cost=0.014
say    `cheapest` checks first whether there are prices.
"""
DOCS = """\
title  Write the README
write  README.md:
    # Basket

    Totals and prices.
usage  input=1200 output=90 cost=0.004
say    Done.
"""
TESTS = """\
title  Test the basket
say    I write the tests.
write  test_basket.py: import basket
gate   never
"""
ASKED = "`cheapest` fails when the basket is empty. Repair it."
AGENTS = (
    ("repairs", ASKED, REPAIR, "needsPermission"),
    ("rival", ASKED, RIVAL, "idle"),
    ("docs", "Write a README.", DOCS, "idle"),
    ("tests", "Write tests for the basket.", TESTS, "working"),
)


def show(grid: Grid, title: str, name: str) -> None:
    """Write the screen, with its colours, as an SVG picture."""
    console = Console(width=grid.columns, record=True, file=io.StringIO())
    for row in grid.cells:
        line = Text()
        for highlight, cells in groupby(row, key=lambda cell: cell.highlight):
            line.append("".join(cell.text for cell in cells), style=style(grid, highlight))
        console.print(line, soft_wrap=True)
    # The picture uses the reader's own fonts: it loads nothing from elsewhere.
    picture = re.sub(r"@font-face \{.*?\}", "", console.export_svg(title=title), flags=re.DOTALL)
    (IMAGES / name).write_text("\n".join(line.rstrip() for line in picture.splitlines()) + "\n")


def style(grid: Grid, highlight: int) -> Style:
    """What a highlight looks like."""
    wanted = grid.highlights.get(highlight, {})
    front = wanted.get("foreground", grid.colors[0])
    back = wanted.get("background", grid.colors[1])
    if wanted.get("reverse"):
        front, back = back, front
    return Style(
        color=f"#{front:06x}",
        bgcolor=f"#{back:06x}",
        bold=wanted.get("bold", False),
        italic=wanted.get("italic", False),
    )


def spawn(client: Client, project: Path, name: str, prompt: str, play: str) -> None:
    """Start an agent that plays a scenario, which its prompt does not show."""
    place = project.with_name(f"{name}.txt")
    place.write_text(play)
    told = {"harness": "scripted", "project": str(project), "name": name}
    extra = {"ATHENA_SCRIPTED_SCENARIO": str(place)}
    client.call("athena/agent/spawn", prompt=prompt, environment=extra, **told)


def scenes(nvim: Nvim, client: Client, project: Path) -> None:
    """Arrange what is to be seen, and take the pictures."""
    for name, prompt, play, status in AGENTS:
        spawn(client, project, name, prompt, play)
        client.until(name, status, timeout=60)
    nvim.keys(":Athena<CR>")
    nvim.sees("4 agents", "python3 -m unittest", "conflicts")
    show(nvim.grid, "Agents", "nvim-agents.svg")
    nvim.keys("K")
    nvim.sees("made with", "conflicts  with")
    show(nvim.grid, "All that is known of an agent", "nvim-details.svg")
    nvim.keys("q:Athena transcript repairs<CR>")
    nvim.sees("! python3 -m unittest", "a allow")
    nvim.sees_not("repairs asks")
    nvim.keys(":<Esc>")
    show(nvim.grid, "Transcript", "nvim-transcript.svg")
    nvim.keys(":edit basket.py<CR>")
    nvim.sees("repairs asks", "def cheapest")
    show(nvim.grid, "A request", "nvim-request.svg")
    nvim.keys(":Athena transcript repairs<CR>a")
    nvim.sees("one line now", "idle")
    nvim.keys("c")
    nvim.sees("return sum(prices)", "return min", "2 open", "best = prices[0]")
    nvim.keys("ga]cgr")
    nvim.sees("1 accepted · 1 rejected")
    nvim.keys("gccWhat of an empty list?<CR>")
    nvim.sees("» What of an empty list?")
    show(nvim.grid, "Review", "nvim-review.svg")
    nvim.keys("q:Athena compare repairs rival<CR>")
    nvim.sees("harness", "spent", "changed")
    nvim.sees("one line now", "checks first")
    show(nvim.grid, "Comparison", "nvim-compare.svg")
    nvim.keys(":tabonly | only | Athena replay repairs<CR>")
    nvim.sees("n p step")
    nvim.keys("6nzR")
    nvim.sees("7/", "+    return sum(prices)")
    show(nvim.grid, "Replay", "nvim-replay.svg")
    nvim.keys("q:Athena spawn harness=scripted model=scripted-large workspace=none<CR>")
    nvim.sees("<M-o> options")
    nvim.keys("Write the tests of @bas")
    nvim.sees("basket.py file")
    show(nvim.grid, "A prompt for a new agent", "nvim-prompt.svg")


def main() -> int:
    """Start an Athena and a Neovim in a fresh folder, and write the pictures."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        project = make_repository(root / "shop", {"basket.py": BASKET})
        athena = Athena(root / "athena")
        given = f"{{'command': {athena.command()!r}}}"
        options = [
            "--clean",
            "-n",
            "--cmd",
            f"set rtp^={PLUGIN} noshowcmd noruler fillchars=eob:\\ ",
        ]
        options += ["--cmd", f"let g:athena = {given}"]
        variables = {**athena.environment, **environment(root / "nvim")}
        nvim = Nvim(tool(NEWEST), options, variables, project, SIZE)
        try:
            with athena.client() as client:
                scenes(nvim, client, project)
        finally:
            nvim.close()
            athena.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
