"""What the language accepts, and how exactly it says what it does not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from athena.scripted.agent import VERB_MODULES
from athena.scripted.scenario import Source, builtin_names, find, parse
from athena.scripted.source import VARIABLES, ScenarioError
from athena.scripted.verbs import VERBS
from tests.scripted.client import COMMAND, ROOT, environment

assert VERB_MODULES

ERRORS = {
    "": "f.txt:1: the scenario has no steps",
    "say": "f.txt:1: 'say' needs a text",
    "sya Hello": "f.txt:1: unknown step 'sya'; did you mean 'say'?",
    "nonsense": "f.txt:1: unknown step 'nonsense'",
    "listen for it": "f.txt:1: write: listen, or listen within DURATION",
    "say Hello ${who}": "f.txt:1: unknown variable ${who}; there are: prompt,",
    "say a\n  b ${c}": "f.txt:1: unknown variable ${c}; there are:",
    "crash 3\n  more": "f.txt:2: 'crash' takes no indented lines",
    "crash 300": "f.txt:1: '300' is neither an exit code nor a signal",
    "  say Hello": "f.txt:1: indented, but under no statement",
    "say a\n\tsay b": "f.txt:2: indented, but under no statement",
    "\n\nedit a.txt: one two": "f.txt:3: write: edit PATH: OLD -> NEW, or lines that",
    "edit a.txt:\n  -one\n  two": "f.txt:3: a line of an edit begins with -, + or a space",
    "edit a.txt:\n  +one": "f.txt:1: each hunk needs a line to find and a line to change",
    "write a.txt text": "f.txt:1: write: write PATH: TEXT, or the text in indented lines",
    "read a.txt lines 4-2": "f.txt:1: write: read PATH, or read PATH lines 3-10",
    "search (": "f.txt:1: '(' is no regular expression:",
    "move a b": "f.txt:1: write: move OLD -> NEW",
    "plan read, write": "f.txt:1: each entry of a plan begins with [ ], [>] or [x]",
    "plan [x] read [ ]": "f.txt:1: an entry of the plan is empty",
    "usage input=a": "f.txt:1: invalid literal for int()",
    "usage in=3": "f.txt:1: 'in=3' is not understood; there are: input,",
    "wait 3": "f.txt:1: '3' is no duration; write 200ms, 1.5s or 2m",
    "emit-size many": "f.txt:1: 'many' is no size; write 500, 64KB or 100MB",
    "stop soon": "f.txt:1: 'soon' is no stop reason; there are: end_turn,",
    "ask Really? | allow-once, no": "f.txt:1: an option is one of allow-once,",
    "ask Really? | allow-once, allow-once": "f.txt:1: an option is there twice",
    "permit say Hello": "f.txt:1: 'say' is no tool; there are: ",
    "together:\n  run a\n  say b": "f.txt:3: 'say' is no tool: together: holds only tools",
    "repeat 3\n  say a": "f.txt:1: 'repeat 3' begins a block: end the line with a colon",
    "repeat 3:": "f.txt:1: 'repeat 3:' has no indented lines below it",
    "otherwise:\n  say a": "f.txt:1: 'otherwise:' must follow an 'on' or an 'if'",
    "if colour is red:\n  say a": "f.txt:1: write: if [not] NAME is|contains VALUE:, if exists",
    "turn 0:\n  say a": "f.txt:1: turns are counted from 1 and written once each",
    "turn 1:\n  say a\nturn 1:\n  say b": "f.txt:3: turns are counted from 1 and written once",
    "turn 1:\n  say a\nsay b": "f.txt:3: steps outside of a turn are turn 1, which is written",
    "at noon:\n  say a": "f.txt:1: no moment 'noon'; there are: start, initialize, session, cancel",
    "at start:\n  say a": "f.txt:2: 'say' needs a session and cannot stand in this block",
    "update [1]": "f.txt:1: a session update is a JSON object",
    "notify a/b {": "f.txt:1: not JSON: Expecting property name",
    "emit-bytes \\x": "f.txt:1: not understood: ",
    "ignore everything": "f.txt:1: 'everything' cannot be ignored; there are: cancel,",
    "harness:\n  colour red": "f.txt:2: unknown entry 'colour' of harness:; there are: command,",
    "harness:\n  modes a b": "f.txt:2: 'a b' is no value; write id, id* or id \"Name\"",
    "harness:\n  without legs": "f.txt:2: 'legs' is no ability; there are: close, commands,",
    "harness:\n  login maybe": "f.txt:2: write one of: required, none",
    "harness:\n  command x": "f.txt:2: write: command NAME: ABOUT, or command NAME <ARGUMENT>:",
}


@pytest.mark.parametrize(("text", "message"), ERRORS.items(), ids=[repr(t) for t in ERRORS])
def test_errors_say_where_and_what(text: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse(Source("f.txt", text))
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("name", builtin_names())
def test_built_in_scenarios_are_read(name: str) -> None:
    scenario = parse(find(name, Path()))
    assert scenario.turn(1)
    assert scenario.about.endswith(".")


def test_carriage_returns_and_comments_are_no_text() -> None:
    scenario = parse(Source("f.txt", "# About.\r\nsay One\r\n  # two\r\n# end\r\n"))
    assert [step.args for step in scenario.turns[1]] == ["One\n# two"]


def test_the_manual_names_every_verb_and_variable() -> None:
    manual = (ROOT / "docs" / "scripted-harness.md").read_text()
    usages = {v.usage.replace("|", "\\|"): v.about for v in VERBS.values()}
    rows = [f"| `{usage}` | {about} |" for usage, about in usages.items()]
    assert [row for row in rows if row not in manual] == []
    variables = [f"| `${{{name}}}` | {about} |" for name, about in VARIABLES.items()]
    assert [row for row in variables if row not in manual] == []


def run(tmp_path: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *args],
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
    )


def test_check_list_and_show(tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_text("# Mine.\nsay Hello\n")
    wrong = tmp_path / "wrong.txt"
    wrong.write_text("say Hello\nsya Hello\n")
    assert run(tmp_path, "--check", str(file)).stdout.split() == [str(file), "Mine."]
    checked = run(tmp_path, "--check", str(file), str(wrong), str(tmp_path / "none.txt"))
    assert checked.returncode == 2
    assert checked.stdout.splitlines()[1:] == [
        f"{wrong}:2: unknown step 'sya'; did you mean 'say'?",
        f"{tmp_path}/none.txt:0: no such scenario (No such file or directory); built in are: "
        + ", ".join(builtin_names()),
    ]
    assert [line.split()[0] for line in run(tmp_path, "--list").stdout.splitlines()] == (
        builtin_names()
    )
    assert run(tmp_path, "--show", "tour").stdout == find("tour", Path()).text


def test_a_bad_scenario_is_refused_at_the_start(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.txt"
    wrong.write_text("say\n")
    ended = run(tmp_path, "--scenario", str(wrong))
    assert (ended.returncode, ended.stderr) == (2, f"{wrong}:1: 'say' needs a text\n")
