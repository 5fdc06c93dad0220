"""Setup, run and teardown scripts, the ports of a worktree, and two agents in one."""

from __future__ import annotations

import json
from pathlib import Path

import psutil
import pytest

from athena.protocol.errors import ErrorCode
from athena.relay.client import CallError
from tests.app.playing import scenario, spawn
from tests.support.athena import Athena, Client, Json, make_repository
from tests.support.wait import until_sync

NEW = {"kind": "new"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_repository(
        tmp_path / "project", {"hello.py": "print('hi')\n", ".gitignore": "*.log\n"}
    )


def settings(athena: Athena, text: str) -> None:
    (athena.root / "athena.toml").write_text(text)


def scripts_of(client: Client, agent: str) -> list[Json]:
    """How the scripts of an agent ended, in order."""
    return [e["data"] for e in client.events(agent) if e["kind"] == "scriptEnded"]


def item(client: Client, agent: str, script: str) -> Json:
    return client.call("athena/item/get", agent=agent, itemId=script)["item"]


def output(client: Client, agent: str, script: str) -> str:
    return item(client, agent, script)["content"][0]["output"]


def test_setup_runs_before_the_harness_and_tells_of_itself(athena: Athena, project: Path) -> None:
    settings(athena, '[workspace]\nsetup = ["echo one; pwd", "env > env.log; touch ready"]\n')
    with athena.client() as client:
        agent = spawn(client, project, "run test -f ready\nrun env", workspace=NEW)
        done = client.until(agent["id"], "idle")
        place = done["workspace"]["path"]
        kinds = [e["kind"] for e in client.events(agent["id"])]
        assert kinds.index("runStarted") > max(
            i for i, kind in enumerate(kinds) if kind == "scriptEnded"
        )
        first, second = scripts_of(client, agent["id"])
        assert first["ok"] and second["ok"] and first["code"] == 0
        shown = item(client, agent["id"], first["scriptId"])
        assert shown["tool"] == "execute" and shown["status"] == "completed"
        assert shown["title"] == "echo one; pwd"
        assert output(client, agent["id"], first["scriptId"]) == f"one\n{place}\n"
        told = Path(place, "env.log").read_text().splitlines()
        port = done["workspace"]["firstPort"]
        assert {
            f"ATHENA_PORT={port}",
            f"ATHENA_PORT_LAST={port + 9}",
            f"ATHENA_WORKTREE={place}",
            f"ATHENA_AGENT={agent['id']}",
            f"ROOT_WORKTREE_PATH={project}",
        } <= {*told}
        page = client.call("athena/transcript/page", agent=agent["id"], find=f"ATHENA_PORT={port}")
        assert page["items"], "the harness has the ports in its environment"


def test_a_setup_that_fails_is_told_and_resume_tries_it_again(
    athena: Athena, project: Path
) -> None:
    settings(
        athena, '[workspace]\nsetup = ["touch once.log", "echo no net >&2; test -f net.log"]\n'
    )
    with athena.client() as client:
        agent = spawn(client, project, "say hello", workspace=NEW)
        failed = client.until_status(agent["id"], "failed")
        assert "test -f net.log` failed: exit code 1" in failed["reason"]
        last = scripts_of(client, agent["id"])[-1]
        assert output(client, agent["id"], last["scriptId"]) == "no net\n"
        assert item(client, agent["id"], last["scriptId"])["status"] == "failed"
        assert "runId" not in failed
        Path(failed["workspace"]["path"], "net.log").touch()
        client.call("athena/agent/resume", agent=agent["id"])
        client.until(agent["id"], "idle")
        commands = [s["command"] for s in scripts_of(client, agent["id"])]
        assert commands.count("touch once.log") == 1


def test_a_setup_that_takes_too_long_is_ended_with_all_it_started(
    athena: Athena, project: Path
) -> None:
    settings(athena, '[workspace]\nsetup = ["sleep 4711 & sleep 4711"]\nscript_seconds = 0.5\n')
    with athena.client() as client:
        agent = spawn(client, project, "say hello", workspace=NEW)
        failed = client.until_status(agent["id"], "failed")
        assert "it took longer than 0.5 s" in failed["reason"]
        place = failed["workspace"]["path"]
        until_sync(lambda: not at_work_in(place), what="nothing is left of the script")


def at_work_in(place: str) -> list[int]:
    return [p.pid for p in psutil.process_iter(["cwd"]) if p.info["cwd"] == place]


def test_stopping_an_agent_ends_its_setup(athena: Athena, project: Path) -> None:
    settings(athena, '[workspace]\nsetup = ["echo begun; sleep 4711"]\n')
    with athena.client() as client:
        agent = spawn(client, project, "say hello", workspace=NEW)
        until_sync(lambda: client.agent(agent["id"])["scripts"], what="the setup runs")
        assert client.agent(agent["id"])["reason"] == "setting up: echo begun; sleep 4711"
        client.call("athena/agent/stop", agent=agent["id"])
        ended = until_sync(lambda: scripts_of(client, agent["id"]), what="the setup ended")
        assert ended and ended[0]["error"] == "the agent was stopped"
        assert client.agent(agent["id"])["status"] == "done"


def test_a_setup_survives_the_daemon(athena: Athena, project: Path, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    line = f"echo before >> log.log; until test -e {gate}; do sleep 0.05; done; echo after"
    settings(athena, f"[workspace]\nsetup = [{json.dumps(line)}]\n")
    with athena.client() as client:
        agent = spawn(client, project, "say hello", workspace=NEW)
        place = Path(client.until_workspace(agent["id"]))
        until_sync((place / "log.log").exists, what="the setup runs")
    athena.kill()
    with athena.client() as client:
        gate.touch()
        client.until(agent["id"], "idle")
        (script,) = scripts_of(client, agent["id"])
        assert output(client, agent["id"], script["scriptId"]) == "after\n"
        assert (place / "log.log").read_text() == "before\n", "it ran once"


def test_output_is_shown_while_it_runs(athena: Athena, project: Path, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    line = f"echo working; until test -e {gate}; do sleep 0.05; done"
    settings(athena, f"[workspace]\nsetup = [{json.dumps(line)}]\n")
    with athena.client() as client:
        agent = spawn(client, project, "say hello", workspace=NEW)

        def updated() -> list[Json]:
            return [e for e in client.events(agent["id"]) if e["kind"] == "itemUpdated"]

        shown = until_sync(updated, what="an update")
        assert shown and shown[0]["data"]["changes"]["content"][0]["output"] == "working\n"
        gate.touch()
        client.until(agent["id"], "idle")


def test_a_project_names_scripts_only_once_it_is_trusted(athena: Athena, project: Path) -> None:
    (project / "athena.toml").write_text('[workspace]\nsetup = ["touch theirs"]\n')
    with athena.client() as client:
        agent = spawn(client, project, "say hello", workspace=NEW)
        done = client.until(agent["id"], "idle")
        assert not Path(done["workspace"]["path"], "theirs").exists()
        page = client.call("athena/transcript/page", agent=agent["id"], types=["notice"])
        assert "touch theirs" in page["items"][0]["item"]["text"]
        assert "athena workspace trust" in page["items"][0]["item"]["text"]
        told = client.call("athena/workspace/trust", project=str(project))
        assert told["trusted"] and told["commands"] == ["touch theirs"]
        agent = spawn(client, project, "say hello", workspace=NEW)
        done = client.until(agent["id"], "idle")
        assert Path(done["workspace"]["path"], "theirs").exists()
        client.call("athena/workspace/trust", project=str(project), trusted=False)
        assert not client.call("athena/workspace/trust", project=str(project), trusted=None)[
            "trusted"
        ]


def test_the_commands_of_cursor_are_known(athena: Athena, project: Path) -> None:
    (project / ".cursor").mkdir()
    text = json.dumps({"setup-worktree": ["cp $ROOT_WORKTREE_PATH/.env.log copied"]})
    (project / ".cursor" / "worktrees.json").write_text(text)
    (project / ".env.log").write_text("secret\n")
    with athena.client() as client:
        client.call("athena/workspace/trust", project=str(project))
        agent = spawn(client, project, "say hello", workspace=NEW)
        done = client.until(agent["id"], "idle")
        assert Path(done["workspace"]["path"], "copied").read_text() == "secret\n"
        (project / ".cursor" / "worktrees.json").write_text("{")
        agent = spawn(client, project, "say hello", workspace=NEW)
        failed = client.until_status(agent["id"], "failed")
        assert "worktrees.json cannot be used" in failed["reason"]


def test_run_scripts_start_on_demand_and_outlive_the_daemon(athena: Athena, project: Path) -> None:
    settings(athena, '[workspace]\nrun = ["echo on $ATHENA_PORT; exec sleep 4711"]\n')
    with athena.client() as client:
        agent = spawn(client, project, "say hello", workspace=NEW)
        done = client.until(agent["id"], "idle")
        place = done["workspace"]["path"]
        assert done["scripts"] == []
        (script,) = client.call("athena/workspace/run", agent=agent["id"])["scripts"]
        again = client.call("athena/workspace/run", agent=agent["id"])["scripts"]
        assert [s["scriptId"] for s in again] == [script["scriptId"]], "it is started once"
        until_sync(lambda: sleeping(place), what="the script runs")
        client.call("athena/agent/stop", agent=agent["id"])
        client.until(agent["id"], "done")
    before = sleeping(place)
    athena.kill()
    with athena.client() as client:
        assert client.agent(agent["id"])["scripts"][0]["scriptId"] == script["scriptId"]
        assert sleeping(place) == before
        client.call("athena/workspace/run", agent=agent["id"], stop=True)
        assert sleeping(place) == [] and client.agent(agent["id"])["scripts"] == []
        (ended,) = scripts_of(client, agent["id"])
        assert ended["error"] == "the user ended it"
        port = done["workspace"]["firstPort"]
        assert output(client, agent["id"], script["scriptId"]) == f"on {port}\n"


def sleeping(place: str) -> list[int]:
    found: list[int] = []
    for pid in at_work_in(place):
        try:
            if psutil.Process(pid).name() == "sleep":
                found.append(pid)
        except psutil.NoSuchProcess:
            continue
    return found


def test_teardown_runs_before_the_removal_and_may_stop_it(
    athena: Athena, project: Path, tmp_path: Path
) -> None:
    said = tmp_path / "said"
    line = f"pwd >> {said}; test -e {tmp_path}/allowed"
    settings(athena, f"[workspace]\nteardown = [{json.dumps(line)}]\n")
    with athena.client() as client:
        agent = spawn(client, project, "write a.txt: text", workspace=NEW)
        done = client.until(agent["id"], "idle")
        place = done["workspace"]["path"]
        client.call("athena/agent/stop", agent=agent["id"])
        client.until(agent["id"], "done")
        with pytest.raises(CallError) as dirty:
            client.call("athena/workspace/remove", agent=agent["id"])
        assert dirty.value.code == ErrorCode.REFUSED and not said.exists()
        with pytest.raises(CallError) as failing:
            client.call("athena/workspace/remove", agent=agent["id"], insist=["dirty"])
        assert failing.value.code == ErrorCode.REFUSED
        assert "exit code 1" in failing.value.message and Path(place).is_dir()
        (remedy,) = failing.value.data["remedies"]
        assert remedy["arguments"]["insist"] == ["dirty", "teardown"]
        (tmp_path / "allowed").touch()
        client.call("athena/workspace/remove", agent=agent["id"], insist=["dirty"])
        assert not Path(place).exists()
        assert said.read_text() == f"{place}\n" * 2


def test_ports_differ_and_stay(athena: Athena, project: Path) -> None:
    with athena.client() as client:
        agents = [spawn(client, project, "say hello", workspace=NEW) for _ in range(4)]
        places = [client.until(a["id"], "idle")["workspace"] for a in agents]
        ranges = [range(p["firstPort"], p["firstPort"] + p["ports"]) for p in places]
        assert len({port for r in ranges for port in r}) == 4 * 10
    athena.kill()
    with athena.client() as client:
        assert [client.agent(a["id"])["workspace"] for a in agents] == places


def test_a_second_agent_works_in_the_same_worktree(athena: Athena, project: Path) -> None:
    with athena.client() as client:
        first = spawn(client, project, "write made.txt: by the first", workspace=NEW)
        done = client.until(first["id"], "idle")
        place = done["workspace"]
        second = client.call(
            "athena/agent/spawn",
            harness="scripted",
            archetype="tester",
            workspace={"agent": first["name"]},
            prompt=scenario("read made.txt\nwrite found.txt: by the second"),
        )
        other = client.until(second["id"], "idle")
        assert other["project"] == str(project)
        assert other["workspace"]["kind"] == "existing"
        for key in ("path", "cwd", "branch", "repository", "firstPort"):
            assert other["workspace"][key] == place[key]
        own = client.call("athena/changeset/get", agent=second["id"], scope="agent")
        assert [f["path"] for f in own["files"]] == ["found.txt"]
        theirs = client.call("athena/changeset/get", agent=first["id"], scope="agent")
        assert [f["path"] for f in theirs["files"]] == ["made.txt"]
        client.call("athena/agent/stop", agent=first["id"])
        client.until(first["id"], "done")
        with pytest.raises(CallError) as busy:
            client.call("athena/workspace/remove", agent=first["id"], insist=["dirty"])
        assert second["name"] in busy.value.message
        assert Path(place["path"]).is_dir()


def test_a_workspace_that_is_not_there_cannot_be_shared(athena: Athena, project: Path) -> None:
    with athena.client() as client:
        first = spawn(client, project, None, workspace={"kind": "new", "base": "none"})
        client.until_status(first["id"], "failed")
        with pytest.raises(CallError) as none:
            spawn(client, project, "say hi", workspace={"agent": first["id"]})
        assert none.value.code == ErrorCode.WRONG_STATE


def test_trust_is_in_one_folder_whatever_its_name(athena: Athena, tmp_path: Path) -> None:
    """The folders are kept one a line, and names may have what counts as the end of one."""
    outer = tmp_path / "a\x0c" / tmp_path.relative_to("/")
    outer.mkdir(parents=True)
    with athena.client() as client:

        def trusted(project: Path) -> bool:
            found = client.call("athena/workspace/trust", project=str(project), trusted=None)
            return bool(found["trusted"])

        client.call("athena/workspace/trust", project=str(outer))
        assert trusted(outer)
        assert not trusted(tmp_path)
