"""The relay is light, and byte for byte a wire."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

from athena.relay import paths
from tests.doors.house import PROGRAM, House

HEAVY = {"asyncio", "pathlib", "dataclasses", "typing", "inspect", "logging", "subprocess"}
LOADED = "import sys, json; import athena.relay.main; print(json.dumps(sorted(sys.modules)))"


def test_imports_nothing_that_takes_long() -> None:
    server = Path(paths.__file__).parents[2]
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            f"import sys; sys.path.append({str(server)!r}); {LOADED}",
        ],
        capture_output=True,
        check=True,
    )
    loaded = set(json.loads(done.stdout))
    assert not HEAVY & loaded
    ours = {name for name in loaded if name.startswith("athena")}
    assert all(name == "athena" or name.startswith("athena.relay") for name in ours)
    assert len(loaded) < 80


@pytest.mark.parametrize(
    "environ", [{}, {"XDG_STATE_HOME": "/x/state"}, {"XDG_STATE_HOME": " "}], ids=str
)
def test_default_state_directory_is_that_of_platformdirs(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert paths.state_directory(os.environ | {"ATHENA_STATE_DIR": ""}) == (
        platformdirs.user_state_dir("athena", appauthor=False)
    )


def test_chosen_state_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert paths.state_directory({"ATHENA_STATE_DIR": "here"}) == str(tmp_path / "here")
    assert paths.state_directory({"ATHENA_STATE_DIR": "~/there"}) == str(tmp_path / "home/there")


async def test_memory_of_a_relay(shared: House) -> None:
    relay = await shared.relay("headless")
    await relay.call("athena/test/echo", {"text": "x" * 5_000_000})
    status = Path(f"/proc/{relay.process.pid}/status").read_text()
    peak = int(status.split("VmHWM:")[1].split()[0])
    assert peak < 24_000, f"{peak} KB at most"


async def test_modules_of_the_project_do_not_get_into_the_daemon(
    house: House, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    for name in ("json", "asyncio", "socket", "athena"):
        (project / f"{name}.py").write_text("raise SystemExit('the wrong module')")
    relay = await house.relay("headless", cwd=project)
    assert (await relay.call("athena/test/who"))["cwd"] == str(project)


async def test_closed_output_ends_it(shared: House) -> None:
    relay = await shared.relay("headless")
    await relay.call("athena/test/echo")
    relay.reader._transport.close()  # type: ignore[attr-defined]
    await relay.ask("athena/test/answer", {"size": 1_000_000})
    assert await relay.exit() == (0, "")


@pytest.mark.parametrize("closed", [(0,), (0, 1), (0, 1, 2)])
def test_closed_standard_files(shared: House, closed: tuple[int, ...]) -> None:
    done = subprocess.run(
        [*PROGRAM, "relay", "headless"],
        env=shared.environ,
        preexec_fn=lambda: [os.close(each) for each in closed] and None,
        timeout=20,
    )
    assert done.returncode == 0


def test_input_from_a_file_and_from_nowhere(shared: House, tmp_path: Path) -> None:
    asked = [
        {"jsonrpc": "2.0", "id": n, "method": "athena/test/wait", "params": {"steps": 3}}
        for n in range(300)
    ]
    script = tmp_path / "script.ndjson"
    script.write_text("".join(json.dumps(each) + "\n" for each in asked))
    command = [*PROGRAM, "relay", "headless"]
    with script.open() as stdin:
        done = subprocess.run(command, env=shared.environ, stdin=stdin, capture_output=True)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert sorted(each["id"] for each in answers) == list(range(300))
    nothing = subprocess.run(
        command, env=shared.environ, stdin=subprocess.DEVNULL, capture_output=True
    )
    assert (nothing.returncode, nothing.stdout, nothing.stderr) == (0, b"", b"")
