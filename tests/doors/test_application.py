"""The command `athena` with the real core behind it: the same answers through every door."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from athena.protocol.commands import COMMANDS
from athena.protocol.methods import METHODS
from athena.relay.client import CallError, HeadlessClient
from tests.doors.house import House, Relay, end_daemon

ATHENA = str(Path(sys.executable).with_name("athena"))

WRONG = [
    ("athena/agent/get", {}),
    ("athena/agent/get", {"agent": 7}),
    ("athena/agent/get", {"agent": "nobody"}),
    ("athena/agent/list", {"surprise": True}),
    ("athena/agent/list", [1]),
    ("athena/agent/spawn", {"prompt": "x", "harness": "no such harness"}),
    ("athena/agent/lst", {}),
]


@pytest.fixture(scope="module")
def athena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home = tmp_path_factory.mktemp("athena")
    house = House(home / "state", home)
    started = subprocess.run([ATHENA, "daemon", "start"], env=house.environ, capture_output=True)
    assert started.returncode == 0, started.stderr
    yield house
    end_daemon(house.state)


@pytest.fixture
async def relays(athena: House) -> Any:
    found: list[Relay] = []
    for mode in ("lsp", "headless"):
        relay = await athena.relay(mode, program=[ATHENA])
        found.append(relay)
    await found[0].initialize()
    yield found
    await athena.close()


async def test_methods_and_commands_are_announced(athena: House) -> None:
    editor = await athena.relay("lsp", program=[ATHENA])
    capabilities = (await editor.initialize())["capabilities"]
    methods = {row.name for row in METHODS}
    assert set(capabilities["experimental"]["athena"]["methods"]) == methods
    commands = set(capabilities["executeCommandProvider"]["commands"])
    # A document that is opened has no method behind it, so it is a command of this door alone.
    assert commands == {row.id for row in COMMANDS if row.method} | {"athena.transcript.open"}
    asked = await editor.ask("workspace/executeCommand", {"command": "athena.system.info"})
    assert (await editor.answer(asked))["result"]["name"] == "athena"
    await athena.close()


@pytest.mark.parametrize(("method", "params"), WRONG, ids=lambda value: json.dumps(value))
async def test_the_same_errors(
    athena: House, relays: list[Relay], method: str, params: Any
) -> None:
    told = [
        {"data": {}, **(await relay.answer(await relay.ask(method, params)))["error"]}
        for relay in relays
    ]
    with (
        HeadlessClient(str(athena.state), start=False) as client,
        pytest.raises(CallError) as raised,
    ):
        client.call(method, params)
    error = raised.value
    told.append({"code": error.code, "message": error.message, "data": error.data})
    assert told[0] == told[1] == told[2]
    assert told[0]["code"] != -32603


async def test_the_same_results(athena: House, relays: list[Relay]) -> None:
    results = [await relay.call("athena/agent/list", {}) for relay in relays]
    with HeadlessClient(str(athena.state), start=False) as client:
        results.append(client.call("athena/agent/list", {}))
    assert results[0] == results[1] == results[2]


async def test_every_method_has_parameters_that_do_not_fit(relays: list[Relay]) -> None:
    """No method takes what it does not know, and each says so under -32602."""
    for row in METHODS:
        for relay in relays:
            answer = await relay.answer(await relay.ask(row.name, {"\x00 unknown": 1}))
            assert answer["error"]["code"] == -32602, row.name
            assert "field" in answer["error"]["data"], row.name
