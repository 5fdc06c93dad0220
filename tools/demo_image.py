"""`make images`: the last screen of `athena demo` as `docs/images/demo.svg`."""

from __future__ import annotations

import io
import os
import re
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from athena.cli.demo import play
from athena.cli.sample import make_sample
from athena.cli.session import session
from athena.relay import control, paths

IMAGE = Path(__file__).resolve().parents[1] / "docs" / "images" / "demo.svg"
WIDTH = 116
FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
"""The export names fonts on the web; a picture in a README may not fetch them, and should not."""


def main() -> int:
    """Play the demo in a place of its own, and keep what it shows at its end."""
    with tempfile.TemporaryDirectory(prefix="athena-image-") as name:
        place = Path(name)
        os.environ["ATHENA_STATE_DIR"] = str(place / "state")
        make_sample(place / "basket")
        console = Console(
            record=True, width=WIDTH, force_terminal=True, highlight=False, file=io.StringIO()
        )
        with session() as daemon:
            console.record = False
            board, _ = play(daemon, place / "basket", "scripted", True, console)
            for agent in board.agents:
                daemon.call("athena/agent/kill", agent=agent)
        console.record = True
        console.print(Text("$ athena demo", style="bold"))
        console.print(board)
        control.stop(paths.state_directory(), force=True)
    image = FONTS.sub("", console.export_svg(title="athena demo", theme=MONOKAI))
    IMAGE.parent.mkdir(parents=True, exist_ok=True)
    IMAGE.write_text(image, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
