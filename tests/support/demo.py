"""`python -m tests.support.demo HARNESS`: the demo with a real harness and no key, no account.

The harness is the real program, in a fresh home, with an environment that is written down; what it
would ask a model, it asks the fake model on this machine, which is told here what to do. With a
login of your own, `athena demo --harness HARNESS` shows the same two tasks with a real model.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.fakemodel import FakeModel
from tests.support.fakemodel.script import Edit, Pace, Read, Run, Say, Script, Think
from tests.support.harness_env import HARNESS_ENVS

SERVER = Path(__file__).parents[2] / "server"

SCRIPTS: dict[str, Script] = {
    "fix-basket": [
        [
            Think("The empty basket has no first price."),
            Say("I will look at how the total is made. "),
            Read("{cwd}/basket.py"),
        ],
        [
            Say("It begins with the first price, and an empty basket has none. "),
            Edit(
                "{cwd}/basket.py",
                old="    sum = prices[0]\n    for price in prices[1:]:\n"
                "        sum += price\n    return sum\n",
                new="    return sum(prices)\n",
            ),
        ],
        [Say("Now the tests. "), Run("python3 -m unittest -q")],
        [Pace(20), Say("Repaired: an empty basket costs nothing, and both tests pass.")],
    ],
    "add-discounts": [
        [Say("First a look at what is there. "), Read("{cwd}/basket.py")],
        [
            Edit(
                "{cwd}/basket.py",
                old="        sum += price\n    return sum\n",
                new="        sum += price\n    return sum\n\n\ndef discounted(total, percent):\n"
                '    """The total less so many per cent."""\n'
                "    return total - total * percent / 100\n",
            )
        ],
        [Run('python3 -c "from basket import discounted; print(discounted(200, 10))"')],
        [Pace(20), Say("Added: `discounted(total, percent)`; 10 % off 200 is 180.")],
    ],
}
"""What the fake model does, by the name of the demo's agent."""

SETTINGS: dict[str, str] = {
    # Without a model of its own, Gemini CLI asks another one which to take.
    "gemini": '[defaults]\nmodel = "gemini-2.5-pro"\n',
}
CODEX = 'approval_policy = "on-request"\nsandbox_mode = "danger-full-access"\n'
"""Codex needs no sandbox of the machine, which not every machine has."""


def environment(harness: str, place: Path, url: str) -> dict[str, str]:
    """The whole environment of the demo: nothing of the user's reaches the harness."""
    row = HARNESS_ENVS[harness]
    home = place / "home"
    home.mkdir()
    made = row.make_home(home, url)
    codex = home / ".codex" / "config.toml"
    if codex.exists():
        codex.write_text(CODEX + codex.read_text())
    settings = place / "athena.toml"
    location = f'[workspace]\nlocation = "{place}/trees/{{name}}"\n'
    settings.write_text(SETTINGS.get(harness, "") + location)
    shown = {
        name: os.environ[name] for name in ("TERM", "COLUMNS", "COLORTERM") if name in os.environ
    }
    return {
        **shown,
        **made,
        "PATH": f"{row.program.parent}:{made['PATH']}",
        "PYTHONPATH": str(SERVER),
        "ATHENA_CONFIG": str(settings),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="The demo with a real harness and a fake model.")
    parser.add_argument("harness", choices=sorted(HARNESS_ENVS))
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="athena-demo-") as folder, FakeModel() as model:
        place = Path(folder).resolve()
        for name, script in SCRIPTS.items():
            model.put_script(name, script)
        note = f"[[fake:{{agent}} cwd={place}/trees/{{agent}}]]"
        command = [sys.executable, "-m", "athena", "demo", "--delete", "--harness", given.harness]
        command += ["--note", note, *(["--json"] if given.json else [])]
        env = environment(given.harness, place, model.url)
        return subprocess.run(command, env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
