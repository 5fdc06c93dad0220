"""A kill at every frame boundary of a recorded session."""

from __future__ import annotations

import json
import random
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.app.playing import scenario
from tests.crash.compare import log_of
from tests.crash.kills import kill
from tests.support.athena import Athena, make_repository
from tests.support.wait import until_sync

REPLAYER = Path(__file__).with_name("replayer.py")
AGENT = "recorded"
LONGEST_DELAY = 0.03

SESSION = """
think I look at the file, and then I change it, step by step.
say   First I read what is there, so that I know what to change.
plan  [>] read [ ] edit [ ] try
read  hello.py
plan  [x] read [>] edit [ ] try
edit  hello.py: print("hello") -> print("goodbye")
permit run python3 hello.py
usage input=1200 output=80 cached=600 cost=0.0123
plan  [x] read [x] edit [x] try
say   It prints something else now, and that is all that was asked for.
"""


@dataclass(frozen=True)
class Recording:
    """A session that was played undisturbed: its frames and its log."""

    spool: Path
    frames: int
    log: list[str]


def record(root: Path) -> Recording:
    """Play the session with the scripted harness, then replay it undisturbed for its log."""
    athena = Athena(root / "played")
    athena.start()
    try:
        place = make_repository(root / "played-repository")
        with athena.client() as client:
            spawned = client.call(
                "athena/agent/spawn",
                harness="scripted",
                project=str(place),
                workspace={"kind": "none"},
                prompt=scenario(SESSION),
            )
            request = client.until(spawned["id"], "needsPermission")["requests"][0]
            client.call("athena/request/answer", requestId=request["requestId"], option="allow")
            client.until(spawned["id"], "idle")
        spool = root / "recorded.spool"
        shutil.copyfile(athena.state / "runs" / f"{spawned['id']}.r1" / "out.spool", spool)
    finally:
        athena.stop()
    frames = len(spool.read_bytes().splitlines())
    calm = Recording(spool, frames, [])
    log, _ = replay(root / "calm", calm, None)
    return Recording(spool, frames, log)


def replay(root: Path, recording: Recording, chance: random.Random | None) -> tuple[list[str], int]:
    """Replay a recording; with `chance`, kill the daemon around each frame. Log and kills."""
    root.mkdir()
    gate = root / "released"
    athena = Athena(root / "athena")
    command = [sys.executable, str(REPLAYER), str(recording.spool), str(gate)]
    Path(athena.environment["ATHENA_CONFIG"]).write_text(
        f"[harness.replayer]\ncommand = {json.dumps(command)}\n"
    )
    place = root / "project"
    place.mkdir()
    athena.start()
    kills = 0
    try:
        with athena.client() as client:
            agent = client.call(
                "athena/agent/spawn",
                harness="replayer",
                project=str(place),
                workspace={"kind": "none"},
                name=AGENT,
                prompt="play",
                commandId=AGENT,
            )["id"]
        spool = athena.state / "runs" / f"{agent}.r1" / "out.spool"
        asked = False
        for number in range(1, recording.frames + 1):
            gate.write_text(str(number))
            until_sync(lambda n=number: _frames(spool) >= n)
            if chance is not None:
                time.sleep(chance.uniform(0, LONGEST_DELAY))
                kill(athena, chance)
                kills += 1
                athena.start()
            if not asked and _is_request(spool, number):
                asked = True
                kills += _answer(athena, agent, chance)
        with athena.client() as client:
            client.until(agent, "idle")
        return log_of(athena, agent, root), kills
    finally:
        athena.stop()


def _frames(spool: Path) -> int:
    return spool.read_bytes().count(b"\n") if spool.exists() else 0


def _is_request(spool: Path, number: int) -> bool:
    message = json.loads(spool.read_bytes().splitlines()[number - 1])
    return "id" in message and "method" in message


def _answer(athena: Athena, agent: str, chance: random.Random | None) -> int:
    with athena.client() as client:
        waiting = client.until_status(agent, "needsPermission")
        assert len(waiting["requests"]) == 1, waiting["requests"]
        request = waiting["requests"][0]["requestId"]
        client.call("athena/request/answer", requestId=request, option="allow")
    if chance is None:
        return 0
    kill(athena, chance)
    athena.start()
    return 1
