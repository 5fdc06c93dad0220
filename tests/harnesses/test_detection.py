"""Finding out what a harness is and lacks: with small programs, and with the real ones."""

from __future__ import annotations

import asyncio
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from athena.harness.capabilities import Detected, Detections, at_first_sight, learned
from athena.harness.claude.help import known_from, read_help
from athena.harness.claude.options import OPTIONS, REFUSED, arguments, canonical
from athena.harness.driver import Launch
from athena.harness.engines import fits
from athena.harness.examination import examine
from athena.harness.identity import find
from athena.harness.registry import driver_for
from athena.harness.rows import BY_NAME, Harness
from athena.harness.takes import Takes
from athena.harness.verified import VERIFIED
from athena.protocol import events as e
from athena.protocol.capability import Ability, Capabilities
from athena.protocol.request import Permission
from athena.protocol.spec import AgentSpec
from athena.protocol.usage import Cost, CostSource, Usage
from tests.harnesses.checks import ASKING, harnesses
from tests.harnesses.matrix import PAGE, page, see_all, tail
from tests.support.fakemodel import FakeModel
from tests.support.harness_env import HARNESS_ENVS
from tools.setup.harnesses import HARNESSES

HELP = """\
Usage: tool [options]

Options:
  -c, --continue                        Continue
  --allowedTools, --allowed-tools <tools...>
      Names, as in --tools
  --effort <level>                      Level
                                        (low, high)
  --permission-mode <mode>              Mode (choices:
                                        "acceptEdits", "plan")
  -p, --print                           Print
  -r, --resume [value]                  Resume
"""


def row(program: str = "tool") -> Harness:
    return Harness(
        name="tool",
        title="A tool",
        protocol="acp",
        argv=(program, "--acp"),
        hint="Get it from the shelf.",
        version_argv=(program, "--version"),
    )


def install(folder: Path, text: str, name: str = "tool") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(text)
    program.chmod(0o755)
    return program


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "HOME": str(tmp_path)}


def test_help() -> None:
    found = read_help(HELP)
    assert found.options == (
        *("continue", "allowedTools", "allowed-tools", "effort"),
        *("permission-mode", "print", "resume"),
    )
    assert dict(found.choices) == {"permission-mode": ["acceptEdits", "plan"]}
    known = known_from(found)
    assert (known.resume, known.fork) == (Ability.YES, Ability.NO)
    assert [mode.id for mode in known.modes] == ["acceptEdits", "plan"]
    assert known_from(read_help("no help at all")).fork is Ability.UNKNOWN


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"effort": "high"}, ["--effort", "high"]),
        ({"maxBudgetUsd": 2.5}, ["--max-budget-usd", "2.5"]),
        ({"--max_turns": 3}, ["--max-turns", "3"]),
        ({"bare": True, "brief": False}, ["--bare"]),
        ({"add-dir": ["/a", "/b"]}, ["--add-dir", "/a", "--add-dir", "/b"]),
        ({"allowedTools": ["Bash(git *)", "Edit"]}, ["--allowed-tools", "Bash(git *),Edit"]),
        ({"settings": {"a": 1}}, ["--settings", '{"a": 1}']),
        (
            {"mcp-config": [{"a": 1}, "b.json"]},
            ["--mcp-config", '{"a": 1}', "--mcp-config", "b.json"],
        ),
        ({"mcp-config": "b.json"}, ["--mcp-config", "b.json"]),
        # As a command line gives them, where all values are texts.
        ({"bare": "true", "brief": "false"}, ["--bare"]),
        (
            {"max-turns": "3", "max-budget-usd": "0.5"},
            ["--max-turns", "3", "--max-budget-usd", "0.5"],
        ),
        ({"disallowed-tools": "Bash(a, b) Edit"}, ["--disallowed-tools", "Bash(a, b) Edit"]),
        ({"debug": "true", "prompt-suggestions": False}, ["--debug"]),
        ({"debug": "hooks,mcp"}, ["--debug", "hooks,mcp"]),
        ({"tools": [], "betas": []}, ["--tools", ""]),
    ],
)
def test_options_become_arguments(given: dict[str, object], expected: list[str]) -> None:
    assert arguments(given) == expected


@pytest.mark.parametrize(
    ("given", "known", "words"),
    [
        ({"colour": "red"}, None, "no option 'colour'"),
        ({"resume": "x"}, None, "resume the agent instead"),
        ({"effort": 3}, None, "takes a text"),
        ({"bare": "yes"}, None, "takes true or false"),
        ({"max-turns": "many"}, None, "takes a number"),
        ({"mcp-config": [3]}, None, "takes objects, or names of files"),
        ({"debug": 3}, None, "takes a text, or true or false"),
        ({"cloud": "x"}, None, "run on this machine"),
        ({"add-dir": [1]}, None, "takes a list of texts"),
        ({"effort": "high"}, ("resume",), "installed Claude Code has no option 'effort'"),
    ],
)
def test_options_that_make_no_sense(
    given: dict[str, object], known: tuple[str, ...] | None, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        arguments(given, known)


def test_the_identity_changes_with_the_program(tmp_path: Path, environment: dict[str, str]) -> None:
    assert find(row(), environment) is None
    program = install(tmp_path / "bin", "#!/bin/sh\n")
    first = find(row(), environment)
    assert first is not None and first.path == str(program)
    program.write_text("#!/bin/sh\nexit 1\n")
    second = find(row(), environment)
    assert second is not None and second.key != first.key


def test_detections_are_kept_by_identity(tmp_path: Path, environment: dict[str, str]) -> None:
    install(tmp_path / "bin", "#!/bin/sh\n")
    program = find(row(), environment)
    assert program is not None
    kept = Detections(tmp_path / "harnesses")
    assert kept.of(program) is None
    detected = Detected(harness="tool", path=program.path, key=program.key, at=1, options=("a",))
    kept.keep(detected)
    assert kept.of(program) == detected
    kept.seen("tool", program, Capabilities(version="2", fork=Ability.YES), 2)
    kept.seen("tool", program, Capabilities(version="2", cost=Ability.YES), 3)
    found = kept.of(program)
    assert found is not None
    assert (found.version, found.options, found.at) == ("2", ("a",), 1)
    assert (found.capabilities.fork, found.capabilities.cost) == (Ability.YES, Ability.YES)
    # Behind a launcher that stays the same there is another version now.
    kept.seen("tool", program, Capabilities(version="3", cost=Ability.NO), 4)
    found = kept.of(program)
    assert found is not None
    assert (found.version, found.options, found.at) == ("3", None, 4)
    assert (found.capabilities.fork, found.capabilities.cost) == (Ability.UNKNOWN, Ability.NO)
    (tmp_path / "harnesses" / f"{program.key}.json").write_text("{torn")
    assert kept.of(program) is None


def test_what_was_unknown_is_learned_from_sessions() -> None:
    known = Capabilities(cost=Ability.NO)
    opened = e.RequestOpened(request_id="r", request=Permission(title="t", options=[]))
    cost = Cost(amount=1, source=CostSource.REPORTED)
    ended = e.TurnEnded(turn_id="t", stop_reason="endTurn", usage=Usage(), cost=cost)
    found = learned(known, [opened, ended])
    assert (found.permissions, found.usage, found.cost) == (Ability.YES,) * 3
    assert learned(known, []) == known


async def levels(harness: Harness, environment: dict[str, str]) -> dict[str, tuple[str, str]]:
    examined = await examine(harness, environment)
    return {check.name: (check.level, f"{check.words} {check.hint}") for check in examined.checks}


async def test_not_installed(environment: dict[str, str]) -> None:
    found = await levels(row(), environment)
    assert found == {"installed": ("error", "tool is not on the PATH. Get it from the shelf.")}


async def test_wrong_node(tmp_path: Path, environment: dict[str, str]) -> None:
    install(tmp_path / "bin", "#!/bin/sh\necho v18.1.0\n", name="node")
    install(tmp_path / "bin", "#!/usr/bin/env node\n")
    (tmp_path / "package.json").write_text('{"engines": {"node": ">=22.0.0"}}')
    found = await levels(row(), environment)
    assert found["node"] == (
        "error",
        "v18.1.0 is not what it runs on. Install Node >=22.0.0, or put it first on the PATH.",
    )


@pytest.mark.parametrize(
    ("wanted", "here", "expected"),
    [
        (">=20", (20, 0, 0), True),
        (">= 20.19", (20, 18, 9), False),
        ("^20.19.0 || >=22.12.0", (21, 7, 0), False),
        ("^20.19.0 || >=22.12.0", (20, 19, 1), True),
        ("^20.19.0 || >=22.12.0", (24, 1, 0), True),
        (">=18 <21", (22, 0, 0), False),
        ("~22.3", (22, 4, 0), False),
        ("22.x", (22, 4, 0), True),
        ("22", (24, 0, 0), False),
        ("*", (8, 0, 0), True),
        ("<=20", (20, 5, 0), True),
        ("lts/iron", (20, 0, 0), None),
    ],
)
def test_versions_of_node(wanted: str, here: tuple[int, ...], expected: bool | None) -> None:
    assert fits(here, wanted) is expected


def test_the_version_is_that_of_the_package(tmp_path: Path, environment: dict[str, str]) -> None:
    """Also of a harness whose protocol does not say it, and before it was ever asked."""
    install(tmp_path / "bin", "#!/usr/bin/env node\n")
    (tmp_path / "package.json").write_text('{"version": "1.2.3", "engines": []}')
    program = find(row(), environment)
    assert program is not None and (program.version, program.node) == ("1.2.3", None)
    detected = at_first_sight("tool", program, 5)
    assert (detected.version, detected.capabilities.version, detected.at) == ("1.2.3", "1.2.3", 5)
    install(tmp_path / "bin", "#!/bin/sh\n")
    program = find(row(), environment)
    assert program is not None and program.version is None


async def test_no_node(tmp_path: Path, environment: dict[str, str]) -> None:
    install(tmp_path / "bin", "#!/usr/bin/env node\n")
    (tmp_path / "package.json").write_text('{"engines": {"node": ">=22.0.0"}}')
    environment["PATH"] = str(tmp_path / "bin")
    found = await levels(row(), environment)
    assert found["node"][0] == "error" and "Install Node >=22.0.0" in found["node"][1]


async def test_too_old(tmp_path: Path, environment: dict[str, str]) -> None:
    """A version from before the harness spoke its protocol: what it says, and what to do."""
    script = "case $1 in --version) echo 0.9.0;; *) echo 'unknown option: --acp' >&2; exit 1;; esac"
    install(tmp_path / "bin", f"#!/bin/sh\n{script}\n", name="gemini")
    found = await levels(BY_NAME["gemini"], environment)
    assert found["version"][0] == "warning"
    assert f"0.9.0; Athena was verified with {VERIFIED['gemini']}." in found["version"][1]
    level, words = found["session"]
    assert level == "error" and "unknown option: --acp" in words
    assert f"It is older than {VERIFIED['gemini']}: update it. Install it with: npm" in words


REFUSES = """\
#!/bin/sh
[ "$1" = --version ] && { echo 1.0.0; exit; }
read -r line
echo '{"jsonrpc": "2.0", "id": 1, "result": {"protocolVersion": 1}}'
read -r line
echo '{"jsonrpc": "2.0", "id": 2, "error": {"code": -32000, "message": "No login, no work"}}'
exec sleep 300
"""


async def test_it_refuses_a_session_and_stays(tmp_path: Path, environment: dict[str, str]) -> None:
    """What it said is told at once, and it is not waited for."""
    install(tmp_path / "bin", REFUSES)
    async with asyncio.timeout(20):
        found = await levels(row(), environment)
    level, words = found["session"]
    assert level == "error" and "wants a login (No login, no work)" in words
    assert "Log in first. Get it from the shelf." in words


async def test_variables_of_the_row_are_part_of_it(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    install(tmp_path / "bin", '#!/bin/sh\necho "$ADDED 1.2.3"\n[ "$ADDED" = more ] || exit 0\n')
    install(tmp_path / "other", "#!/bin/sh\necho 4.5.6\n")
    added = replace(row(), env={"PATH": f"{tmp_path / 'other'}:/usr/bin:/bin"})
    assert (await levels(added, environment))["version"] == ("ok", "4.5.6 None")


async def test_it_ends_at_once(tmp_path: Path, environment: dict[str, str]) -> None:
    install(tmp_path / "bin", "#!/bin/sh\necho 'tool 1.2.3'\necho 'out of ink' >&2\nexit 3\n")
    found = await levels(row(), environment)
    assert found["version"] == ("ok", "1.2.3 None")
    level, words = found["session"]
    assert level == "error"
    assert "ended before a session was open" in words and "out of ink" in words


async def test_it_wants_a_login(tmp_path: Path, environment: dict[str, str]) -> None:
    install(tmp_path / "bin", "#!/bin/sh\necho 'Please log in first' >&2\nexit 1\n")
    level, words = (await levels(row(), environment))["session"]
    assert level == "error"
    assert "Log in first. Get it from the shelf." in words


def test_verified_versions_are_those_that_run_here() -> None:
    pinned = {tool.name: tool.version for tool in HARNESSES if tool.name in ASKING}
    assert dict(VERIFIED) == pinned


@pytest.mark.harnesses
@pytest.mark.parametrize("name", harnesses())
async def test_a_real_harness(name: str, tmp_path: Path) -> None:
    with FakeModel() as model:
        real = HARNESS_ENVS[name]
        environment = real.make_home(tmp_path, model.url)
        environment["PATH"] = f"{real.program.parent}:{environment['PATH']}"
        examined = await examine(BY_NAME[name], environment)
        assert examined.is_fit, examined.checks
        assert examined.detected is not None
        assert examined.detected.version == VERIFIED[name]
        assert examined.detected.capabilities.resume is Ability.YES
        assert model.requests() == [] or name not in ("claude", "codex", "pi")


@pytest.mark.harnesses
async def test_claude_without_a_login(tmp_path: Path) -> None:
    real = HARNESS_ENVS["claude"]
    environment = real.make_home(tmp_path, "http://127.0.0.1:9")
    del environment["ANTHROPIC_API_KEY"]
    environment["PATH"] = f"{real.program.parent}:{environment['PATH']}"
    found = await levels(BY_NAME["claude"], environment)
    assert found["login"][0] == "error"


@pytest.mark.harnesses
async def test_pi_without_a_login(tmp_path: Path) -> None:
    real = HARNESS_ENVS["pi"]
    environment = real.make_home(tmp_path, "http://127.0.0.1:9")
    (tmp_path / ".pi/agent/models.json").unlink()
    environment["PATH"] = f"{real.program.parent}:{environment['PATH']}"
    level, words = (await levels(BY_NAME["pi"], environment))["login"]
    assert level == "error" and "/login" in words


@pytest.mark.harnesses
def test_the_options_are_those_of_the_program(tmp_path: Path) -> None:
    """What can be given and what is refused are together what the real help lists, no more and no
    less; and options that it does not list are options all the same."""
    listed = {canonical(name) for name in read_help(claude(tmp_path, "--help").stdout).options}
    shown = {name for name, option in OPTIONS.items() if not option.hidden}
    assert shown | (set(REFUSED) & listed) == listed
    assert shown <= listed and not shown & set(REFUSED)
    assert set(REFUSED) - listed <= {"permission-prompt-tool"}
    hidden = [name for name, option in OPTIONS.items() if option.hidden]
    words = arguments({name: EXAMPLES[OPTIONS[name].takes] for name in hidden} | CHOSEN)
    refused = claude(tmp_path, *words, "--no-such-option").stderr
    assert refused.strip() == "error: unknown option '--no-such-option'"


EXAMPLES: dict[Takes, object] = {
    Takes.FLAG: True,
    Takes.TEXT: "x",
    Takes.NUMBER: 100,
    Takes.TEXTS: ["x"],
    Takes.DOCUMENT: {},
}
CHOSEN = {"fast-mode": "on", "thinking": "enabled", "thinking-display": "omitted"}


def claude(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [HARNESS_ENVS["claude"].program, *words],
        env={"HOME": str(home), "PATH": os.defpath},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_the_tools_of_an_archetype_are_those_it_is_given_and_none_is_allowed_unasked() -> None:
    driver = driver_for(BY_NAME["claude"])

    def words(**spec: Any) -> tuple[str, ...]:
        given = AgentSpec(name="t", harness="claude", project="/p", **spec)
        return driver.command(Launch("r", given, "/p")).argv

    assert words(allowed_tools=["Read", "Bash"])[-2:] == ("--tools", "Read,Bash")
    assert words(allowed_tools=[])[-2:] == ("--tools", "")
    readonly = words(readonly=True, options={"disallowedTools": "WebFetch"})
    assert readonly[-2:] == ("--disallowed-tools", "Edit,MultiEdit,NotebookEdit,Write,WebFetch")
    with pytest.raises(ValueError, match="is a rule, not a tool"):
        words(allowed_tools=["Bash(git *)"])


def test_the_page_names_the_verified_versions() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    for name, version in VERIFIED.items():
        [row] = [line for line in lines if f"(`{name}`)" in line]
        assert f"| {version} |" in row


def test_the_page_has_the_harnesses_that_no_test_runs() -> None:
    assert PAGE.read_text(encoding="utf-8").endswith(tail()), "run: make harness-page"


@pytest.mark.harnesses
@pytest.mark.slow
async def test_the_page_is_what_the_harnesses_show() -> None:
    written = PAGE.read_text(encoding="utf-8")
    date = written.split("Seen on ", 1)[1].split(",", 1)[0]
    assert written == page(await see_all(), date), "run: make harness-page"
