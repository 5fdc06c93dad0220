"""Every verb explains itself, answers in JSON, and completes in the shell."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from athena.cli.app import VERBS, app
from tests.cli.tree import BECOMES_A_PROGRAM, commands, verbs

COMMANDS = dict(commands())
VERB_NAMES = [name for name, _ in verbs()]


@pytest.mark.parametrize("name", COMMANDS)
def test_help(name: str) -> None:
    for option in ("-h", "--help"):
        done = CliRunner().invoke(app, [*name.split(), option], prog_name="athena")
        assert done.exit_code == 0, done.output
        assert done.output.startswith(f"Usage: athena {name} ")
        assert COMMANDS[name].get_short_help_str(200) in " ".join(done.output.split())


@pytest.mark.parametrize("name", VERB_NAMES)
def test_answers_in_json(name: str) -> None:
    takes = {one.name for one in COMMANDS[name].params}
    assert ("as_json" in takes) != (name in BECOMES_A_PROGRAM)


@pytest.mark.parametrize("name", VERB_NAMES)
def test_every_option_is_explained(name: str) -> None:
    mute = [
        option.opts[-1]
        for option in COMMANDS[name].params
        if isinstance(option, click.Option) and not option.help
    ]
    assert not mute


@pytest.mark.parametrize("name", VERB_NAMES)
def test_every_option_says_what_it_takes(name: str) -> None:
    context = click.Context(COMMANDS[name])
    for option in COMMANDS[name].params:
        if isinstance(option, click.Option) and not option.is_flag and not option.count:
            takes = option.make_metavar(context)
            assert takes not in ("TEXT", "INTEGER") or option.metavar == takes, option.opts


def test_one_thing_has_one_name_everywhere() -> None:
    short: dict[str, set[str]] = {}
    takes: dict[str, set[str]] = {}
    for name in VERB_NAMES:
        context = click.Context(COMMANDS[name])
        for option in COMMANDS[name].params:
            if isinstance(option, click.Option):
                long = max(option.opts, key=len)
                for letter in option.opts:
                    if not letter.startswith("--"):
                        short.setdefault(letter, set()).add(long)
                if not option.is_flag:
                    takes.setdefault(long, set()).add(option.make_metavar(context))
    assert {name: of for name, of in takes.items() if len(of) > 1} == {
        "--path": {"DIRECTORY", "GLOB"}
    }
    assert {name: of for name, of in short.items() if len(of) > 1} == {
        "-f": {"--file", "--follow"},
        "-m": {"--model", "--message"},
        "-o": {"--option", "--output"},
    }


def test_the_list_of_verbs_says_what_each_verb_says() -> None:
    for name, (_, _, line) in VERBS.items():
        said = COMMANDS[name].get_short_help_str(200)
        assert COMMANDS[name].help, name
        assert line.endswith("."), name
        assert said.endswith("."), name


def athena(*arguments: str, environment: dict[str, str], home: Path) -> str:
    """What the program prints as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "athena", *arguments],
        env={
            "PATH": os.defpath,
            "HOME": str(home),
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "ATHENA_STATE_DIR": str(home / "state"),
            **environment,
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_a_shell_completes_verbs_and_options(tmp_path: Path) -> None:
    for typed, wanted in (
        ("athena wat", "plain,watch"),
        ("athena agent ren", "plain,rename"),
        ("athena spawn --har", "plain,--harness"),
    ):
        asked = {"COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
        told = athena(environment={**asked, "_ATHENA_COMPLETE": "bash_complete"}, home=tmp_path)
        assert wanted in told.splitlines(), typed


def test_bash_takes_the_completion_script(tmp_path: Path) -> None:
    script = athena("completion", "bash", environment={}, home=tmp_path)
    done = subprocess.run(
        ["bash", "-c", f"{script}\ncomplete -p athena"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "_athena_completion" in done.stdout
