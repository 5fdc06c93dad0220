"""Verbs say what they did, and what comes next."""

from __future__ import annotations

from pathlib import Path

from tests.app.playing import scenario
from tests.cli.doing import do
from tests.support.athena import Athena, make_repository
from tests.support.wait import until_sync


def test_verbs_say_that_they_are_done(tmp_path: Path) -> None:
    athena, project = Athena(tmp_path / "athena"), make_repository(tmp_path / "project")
    spawned = ("spawn", scenario("say done"), "-H", "scripted", "--wait", "--name", "doer")
    try:
        do(athena, project, *spawned)
        for said, *arguments in (
            ("It is called worker now.", "agent", "rename", "doer", "worker"),
            ("worker has it: athena watch worker", "prompt", "worker", scenario("say more")),
            ("athena agent resume worker", "agent", "stop", "worker"),
        ):
            assert said in do(athena, project, *arguments).out, arguments
        with athena.client() as client:
            until_sync(lambda: "runId" not in client.agent("worker"))
        for said, *arguments in (
            ("athena agent restore worker", "agent", "archive", "worker"),
            ("worker is back.", "agent", "restore", "worker"),
            ("worker goes on.", "agent", "resume", "worker"),
            ("worker is killed", "agent", "kill", "worker"),
        ):
            assert said in do(athena, project, *arguments).out, arguments
    finally:
        athena.stop()
