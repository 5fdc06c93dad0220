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

from tests.app.playing import scenario
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
REPAIR = """
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
usage  input=5200 output=310 cached=4100 cost=0.021
say    Both functions are one line now.
"""


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


def scenes(nvim: Nvim, client: Client, project: Path) -> None:
    """Arrange what is to be seen, and take the pictures."""
    told = {"harness": "scripted", "project": str(project)}
    for name, title, play in (
        ("repairs", "Repair the basket", REPAIR),
        (
            "docs",
            "Write the README",
            "title Write the README\nwrite README.md: # Basket\nsay Done.",
        ),
        (
            "tests",
            "Test the basket",
            "title Test the basket\nedit basket.py: result = 0 -> result = 0.0\ngate never",
        ),
    ):
        play = play if play.startswith("title") else f"title {title}\n{play}"
        client.call("athena/agent/spawn", prompt=scenario(play), name=name, **told)
    client.until("repairs", "needsPermission")
    client.until("docs", "idle")
    nvim.keys(":Athena<CR>")
    nvim.sees("3 agents", "repairs asks")
    show(nvim.grid, "Agents", "nvim-agents.svg")
    nvim.keys(":Athena transcript repairs<CR>")
    nvim.sees("! python3 -m unittest", "a allow")
    show(nvim.grid, "Transcript", "nvim-transcript.svg")
    nvim.keys("a")
    nvim.sees("one line now", "idle")
    nvim.keys("c")
    nvim.sees("return sum(prices)", "return min", "2 open", "best = prices[0]")
    nvim.keys("gg]cga]cgr")
    nvim.sees("1 accepted · 1 rejected")
    nvim.keys("gccWhat of an empty list?<CR>")
    nvim.sees("» What of an empty list?")
    show(nvim.grid, "Review", "nvim-review.svg")
    nvim.keys("q:Athena compare repairs docs<CR>")
    nvim.sees("harness", "spent", "changed")
    nvim.sees("one line now", "Done.")
    show(nvim.grid, "Comparison", "nvim-compare.svg")


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
