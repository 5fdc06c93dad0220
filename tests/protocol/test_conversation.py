"""All that a real daemon tells in a real conversation fits the schema."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from athena.protocol.methods import BY_NAME, NOTIFICATIONS
from athena.relay.client import HeadlessClient
from tests.protocol.samples import validator
from tests.support.athena import Athena, make_repository
from tests.support.wait import until_sync

PLAY = "/play tour"

READS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("athena/system/info", {}),
    ("athena/system/metrics", {}),
    ("athena/agent/list", {}),
    ("athena/agent/get", {"agent": "ada"}),
    ("athena/agent/logs", {"agent": "ada"}),
    ("athena/transcript/page", {"agent": "ada"}),
    ("athena/event/list", {}),
    ("athena/request/list", {}),
    ("athena/harness/list", {}),
    ("athena/archetype/list", {}),
    ("athena/rule/list", {}),
    ("athena/workspace/list", {}),
    ("athena/rescue/list", {}),
    ("athena/checkpoint/list", {"agent": "ada"}),
    ("athena/collision/list", {}),
    ("athena/changeset/get", {"agent": "ada"}),
    ("athena/changeset/file", {"agent": "ada", "path": "tour.py"}),
    ("athena/changeset/text", {"agent": "ada", "path": "tour.py", "side": "new"}),
    ("athena/comparison/text", {"agent": "ada", "path": "tour.py"}),
    ("athena/review/listComments", {}),
)

WRITES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("athena/agent/rename", {"agent": "ada", "name": "ada lovelace"}),
    ("athena/review/verdict", {"agent": "ada", "verdict": "accepted", "path": "tour.py"}),
    ("athena/review/comment", {"agent": "ada", "path": "tour.py", "line": 2, "text": "Nice"}),
    ("athena/review/apply", {"agent": "ada", "dryRun": True}),
    ("athena/merge/run", {"agent": "ada", "dryRun": True}),
    ("athena/agent/stop", {"agent": "ada"}),
)


@pytest.fixture
def athena(tmp_path: Path) -> Iterator[Athena]:
    """A daemon without agents."""
    own = Athena(tmp_path)
    own.start()
    yield own
    own.stop()


def test_all_that_is_told_fits_the_schema(athena: Athena, tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    heard: list[tuple[str, Any]] = []
    with athena.client() as client:

        def call(method: str, **params: object) -> Any:
            validator(BY_NAME[method].params.__name__).validate(params)
            result = client.call(method, **params)
            validator(BY_NAME[method].result.__name__).validate(result)
            return result

        def answered() -> bool:
            """Answer what is asked; whether the agent is at rest."""
            for opened in call("athena/request/list")["requests"]:
                request = opened["request"]
                is_permission = request["type"] == "permission"
                answer = (
                    {"option": "allow"}
                    if is_permission
                    else {"answers": {q["id"]: ["Keep it"] for q in request["questions"]}}
                )
                call("athena/request/answer", requestId=opened["requestId"], **answer)
            agent = call("athena/agent/get", agent="ada")
            return agent["status"] == "idle" and agent["turns"] > 0

        call("athena/event/subscribe", deltas=True)
        call(
            "athena/agent/spawn",
            prompt=PLAY,
            content=[{"type": "resource_link", "uri": "file:///a.py", "name": "a.py", "line": 1}],
            harness="scripted",
            name="ada",
            project=str(project),
            workspace={"kind": "new"},
            commandId="one",
        )
        until_sync(answered, 30, "ada played the tour")
        for method, params in (*READS, *WRITES, *READS):
            call(method, **params)
        place = call("athena/agent/get", agent="ada")["workspace"]["path"]
        assert call("athena/line/authors", path=f"{place}/tour.py")["runs"]
        for item in call("athena/transcript/page", agent="ada")["items"]:
            call("athena/item/get", agent="ada", itemId=item["itemId"])
        head = call("athena/system/info")["cursor"]
        heard += _until(client.raw, head)

    params = {n.name: n.params.__name__ for n in NOTIFICATIONS}
    for method, told in heard:
        validator(params[method]).validate(told)
    kinds = {e["kind"] for _, told in heard for e in told.get("events", ())}
    assert {"agentSpawned", "itemCompleted", "requestClosed", "turnEnded"} <= kinds
    assert {method for method, _ in heard} >= {"athena/event/batch", "athena/event/delta"}


def _until(client: HeadlessClient, cursor: int) -> Iterator[tuple[str, Any]]:
    """The notifications up to a position of the log."""
    for method, told in client.notifications(timeout=10):
        yield method, told
        if cast("dict[str, Any]", told).get("cursor", 0) >= cursor:
            return
