"""`make crash`: at least 500 kills, at every frame boundary and at random.

python -m tests.crash [--kills N] [--seed N]
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.crash import frames, swarm
from tests.crash.compare import without_checkpoints


def main() -> int:
    parser = argparse.ArgumentParser(prog="make crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--agents", type=int, default=20)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    began = time.monotonic()
    kills = 0
    failed = 0
    with tempfile.TemporaryDirectory(prefix="athena-crash-") as name:
        root = Path(name)
        recording = frames.record(root)
        print(f"recorded a session of {recording.frames} frames, {len(recording.log)} events")
        while kills < options.kills // 2:
            log, done = frames.replay(root / f"frames-{kills}", recording, chance)
            kills += done
            same = log == recording.log
            failed += not same
            print(f"{kills:4} kills, one around each frame: {'same log' if same else 'DIFFERENT'}")
        (root / "calm-swarm").mkdir()
        calm, _ = swarm.play(root / "calm-swarm", options.agents, 12, 0, chance)
        while kills < options.kills:
            place = root / f"swarm-{kills}"
            place.mkdir()
            logs, done = swarm.play(
                place, options.agents, 12, options.kills - kills, chance, pause="4s"
            )
            kills += done
            same = comparable(logs) == comparable(calm)
            failed += not same
            print(
                f"{kills:4} kills, {options.agents} agents: {'same logs' if same else 'DIFFERENT'}"
            )
    seconds = time.monotonic() - began
    print(f"{kills} kills in {seconds:.0f} s, {failed} differences")
    return 1 if failed else 0


def comparable(logs: dict[str, list[str]]) -> dict[str, tuple[list[str], list[str]]]:
    """Logs without the prompt, the only place where the pause of the two runs shows."""
    told = {n: [x for x in lines if "```scenario" not in x] for n, lines in logs.items()}
    return {name: without_checkpoints(lines) for name, lines in told.items()}


if __name__ == "__main__":
    sys.exit(main())
