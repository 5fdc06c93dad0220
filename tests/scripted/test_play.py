"""Scenarios in, transcripts out, with the ACP SDK as the client that holds all to the schema."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from acp import schema

from tests.scripted.client import play

FORM = schema.ElicitationCapabilities(form=schema.ElicitationFormCapabilities())
FILES = schema.FileSystemCapabilities(read_text_file=True, write_text_file=True)


async def check(
    tmp_path: Path, scenario: str, transcript: str, *answers: str, **more: object
) -> None:
    seen = await play(tmp_path, textwrap.dedent(scenario), *answers, **more)  # type: ignore[arg-type]
    assert seen == textwrap.dedent(transcript).strip()


async def test_talk(tmp_path: Path) -> None:
    await check(
        tmp_path,
        """
        # A comment, then all that can be said.
        think  I should look first.
        say    Hello, this is a message which is longer than one piece.
        say
            Two lines,

              the second indented; the prompt was: ${prompt}
        plan   [x] read  [>] edit (high)  [ ] test
        usage  input=1200 output=80 cached=600 cost=0.0123
        usage  input=100 output=20 cost=0.01 used=1900 size=100000
        set    mode auto
        offer  review: Reviews the change
        echo
        say    $${prompt} is a variable.
        """,
        """
        thought  I should look first.
        agent  Hello, this is a message which is longer than one piece.
        agent  Two lines,

          the second indented; the prompt was: go
        plan  [x] read  [>] edit  [ ] test
        usage  1880/200000 0.0123 USD
        usage  1900/100000 0.0223 USD
        mode  auto
        options  mode=auto model=scripted-small effort=medium
        commands  review
        user  go
        agent  ${prompt} is a variable.
        end  end_turn
        """,
    )


async def test_files_are_really_changed(tmp_path: Path) -> None:
    await check(
        tmp_path,
        """
        write  notes/a.txt: first line
        append notes/a.txt:
            second line
            third line
        read   notes/a.txt
        read   notes/a.txt lines 2-2
        edit   notes/a.txt: second -> 2nd
        edit   notes/a.txt:
             2nd line
            -third line
            +3rd line
            @@
            -first line
            +1st line
        search line$
        move   notes/a.txt -> b.txt
        edit   b.txt: nowhere -> somewhere
        on failure:
            say It failed: ${output}
        delete b.txt
        read   b.txt
        """,
        r"""
        tool  call_1 pending edit Write notes/a.txt @notes/a.txt:1 None -> 'first line\n'
        tool  call_1 in_progress
        tool  call_1 completed None -> 'first line\n'
        tool  call_2 pending edit Append to notes/a.txt @notes/a.txt:2 'first line\n' -> 'first line\nsecond line\nthird line\n'
        tool  call_2 in_progress
        tool  call_2 completed 'first line\n' -> 'first line\nsecond line\nthird line\n'
        tool  call_3 pending read Read notes/a.txt @notes/a.txt:
        tool  call_3 in_progress
        tool  call_3 completed 'first line\nsecond line\nthird line\n'
        tool  call_4 pending read Read notes/a.txt @notes/a.txt:2
        tool  call_4 in_progress
        tool  call_4 completed 'second line\n'
        tool  call_5 pending edit Edit notes/a.txt @notes/a.txt:2 'first line\nsecond line\nthird line\n' -> 'first line\n2nd line\nthird line\n'
        tool  call_5 in_progress
        tool  call_5 completed 'first line\nsecond line\nthird line\n' -> 'first line\n2nd line\nthird line\n'
        tool  call_6 pending edit Edit notes/a.txt @notes/a.txt:1 'first line\n2nd line\nthird line\n' -> '1st line\n2nd line\n3rd line\n'
        tool  call_6 in_progress
        tool  call_6 completed 'first line\n2nd line\nthird line\n' -> '1st line\n2nd line\n3rd line\n'
        tool  call_7 pending search Search for line$ @.:
        tool  call_7 in_progress
        tool  call_7 completed 'notes/a.txt:1: 1st line\nnotes/a.txt:2: 2nd line\nnotes/a.txt:3: 3rd line'
        tool  call_8 pending move Move notes/a.txt to b.txt @notes/a.txt: @b.txt:
        tool  call_8 in_progress
        tool  call_8 completed
        tool  call_9 pending edit Edit b.txt @b.txt:
        tool  call_9 in_progress
        tool  call_9 failed 'The text to replace was not found in b.txt:\nnowhere'
        agent  It failed: The text to replace was not found in WORK/b.txt:
        nowhere
        tool  call_10 pending delete Delete b.txt @b.txt:
        tool  call_10 in_progress
        tool  call_10 completed
        tool  call_11 pending read Read b.txt @b.txt:
        tool  call_11 in_progress
        tool  call_11 failed "[Errno 2] No such file or directory: 'b.txt'"
        end  end_turn
        """.replace("WORK", str(tmp_path / "work")),
    )
    assert list((tmp_path / "work").rglob("*.txt")) == []


async def test_commands(tmp_path: Path) -> None:
    await check(
        tmp_path,
        """
        run    echo "the turn is ${turn}"; exit 3
        on failure:
            say It ended with ${exit}.
        run
            for i in 1 2
            do echo $i
            done
        run    true
        together:
            run echo one
            run echo two
        tool   fetch: Look it up | 200 OK
        tool   other failed: Something else
        """,
        r"""
        tool  call_1 pending execute echo "the turn is ${turn}"; exit 3
        tool  call_1 in_progress
        tool  call_1 failed 'the turn is 1\n'
        agent  It ended with 3.
        tool  call_2 pending execute for i in 1 2
        do echo $i
        done
        tool  call_2 in_progress
        tool  call_2 completed '1\n2\n'
        tool  call_3 pending execute true
        tool  call_3 in_progress
        tool  call_3 completed '(no output)'
        tool  call_4 pending execute echo one
        tool  call_5 pending execute echo two
        tool  call_4 in_progress
        tool  call_4 completed 'one\n'
        tool  call_5 in_progress
        tool  call_5 completed 'two\n'
        tool  call_6 pending fetch Look it up
        tool  call_6 in_progress
        tool  call_6 completed '200 OK'
        tool  call_7 pending other Something else
        tool  call_7 in_progress
        tool  call_7 failed
        end  end_turn
        """,
    )


async def test_a_command_that_leaves_a_child_behind_ends(tmp_path: Path) -> None:
    seen = await play(tmp_path, "run  echo started; sleep 300 & echo $! > pid")
    assert "completed 'started\\n'" in seen


PERMISSIONS = """
    ask    Run the tests? | allow-once, reject-once "No, thanks"
    on allow:
        say    Allowed: ${outcome}.
    on reject:
        say    Rejected: ${outcome}.
    permit run echo a | tr a b | allow-once, allow-always, reject-once
    permit run echo again
    """


async def test_permissions_allowed(tmp_path: Path) -> None:
    await check(
        tmp_path,
        PERMISSIONS,
        r"""
        tool  call_1 pending other Run the tests?
        ask  Run the tests? (allow-once, reject-once)
        answer  allow-once
        tool  call_1 completed
        agent  Allowed: allow-once.
        tool  call_2 pending execute echo a | tr a b
        ask  echo a | tr a b (allow-once, allow-always, reject-once)
        answer  allow-always
        tool  call_2 in_progress
        tool  call_2 completed 'b\n'
        tool  call_3 pending execute echo again
        tool  call_3 in_progress
        tool  call_3 completed 'again\n'
        end  end_turn
        """,
        "allow-once",
        "allow-always",
    )


async def test_permissions_rejected(tmp_path: Path) -> None:
    await check(
        tmp_path,
        PERMISSIONS,
        r"""
        tool  call_1 pending other Run the tests?
        ask  Run the tests? (allow-once, reject-once)
        answer  reject-once
        tool  call_1 failed
        agent  Rejected: reject-once.
        tool  call_2 pending execute echo a | tr a b
        ask  echo a | tr a b (allow-once, allow-always, reject-once)
        answer  reject-once
        tool  call_2 failed 'The user did not allow this.'
        tool  call_3 pending execute echo again
        ask  echo again (allow-once, allow-always, reject-once)
        answer  cancelled
        tool  call_3 failed 'The user did not allow this.'
        end  end_turn
        """,
        "reject-once",
        "reject-once",
        "cancelled",
    )


async def test_a_permission_answered_with_what_was_not_offered(tmp_path: Path) -> None:
    seen = await play(tmp_path, "ask  Really? | allow-once", "maybe")
    assert seen.endswith(
        "error  -32603 'maybe' was not among the options of the permission request"
    )


QUESTIONS = """
    question Which colour? | red, dark green
    on dark green:
        say    Green it is.
    otherwise:
        say    ${outcome}: ${answer}
    question Why?
    say    The question was ${outcome}.
    """


async def test_questions_to_a_client_that_has_forms(tmp_path: Path) -> None:
    await check(
        tmp_path,
        QUESTIONS,
        """
        question  Which colour? ['red', 'dark green']
        agent  Green it is.
        question  Why?
        agent  The question was declined.
        end  end_turn
        """,
        prepare=lambda stage: stage.screen.forms.extend([{"answer": "dark green"}, None]),
        elicitation=FORM,
    )


async def test_questions_to_a_client_that_has_none(tmp_path: Path) -> None:
    await check(
        tmp_path,
        QUESTIONS,
        """
        ask  Which colour? (red, dark green)
        answer  red
        agent  red: red
        agent  Why?
        agent  The question was declined.
        end  end_turn
        """,
        "red",
    )


async def test_modes_decide_what_is_asked_and_done(tmp_path: Path) -> None:
    await check(
        tmp_path,
        """
        set    mode auto
        permit run echo unasked
        set    mode plan
        write  a.txt: a
        search nothing
        """,
        r"""
        mode  auto
        options  mode=auto model=scripted-small effort=medium
        tool  call_1 pending execute echo unasked
        tool  call_1 in_progress
        tool  call_1 completed 'unasked\n'
        mode  plan
        options  mode=plan model=scripted-small effort=medium
        tool  call_2 pending edit Write a.txt @a.txt:1 None -> 'a\n'
        tool  call_2 failed 'Not possible in plan mode.'
        tool  call_3 pending search Search for nothing @.:
        tool  call_3 in_progress
        tool  call_3 completed 'No matches.'
        end  end_turn
        """,
    )


async def test_files_and_terminals_of_the_client(tmp_path: Path) -> None:
    await check(
        tmp_path,
        """
        write  a.txt: old
        edit   a.txt: old -> new
        run    cat a.txt; exit 4
        on failure:
            say ${exit}: ${output}
        """,
        r"""
        client reads  a.txt :
        tool  call_1 pending edit Write a.txt @a.txt:1 None -> 'old\n'
        tool  call_1 in_progress
        client reads  a.txt :
        client writes  a.txt
        tool  call_1 completed None -> 'old\n'
        client reads  a.txt :
        tool  call_2 pending edit Edit a.txt @a.txt:1 'old\n' -> 'new\n'
        tool  call_2 in_progress
        client reads  a.txt :
        client writes  a.txt
        tool  call_2 completed 'old\n' -> 'new\n'
        tool  call_3 pending execute cat a.txt; exit 4
        tool  call_3 in_progress
        client runs  /bin/sh ['-c', 'cat a.txt; exit 4']
        tool  call_3 - terminal term_1
        client releases  term_1
        tool  call_3 failed
        agent  4: new

        end  end_turn
        """,
        fs=FILES,
        terminal=True,
    )


async def test_flow(tmp_path: Path) -> None:
    await check(
        tmp_path,
        """
        repeat 2:
            say    Round ${count}.
        if prompt contains "quick":
            say    Quick.
        otherwise:
            say    Slow.
        if exists done.txt:
            stop   refusal
        mark   done.txt
        if not mode is auto:
            stop   max_tokens
        turn 2:
            say    The second turn.
            error  -32000 Not now
                {"retryAfter": 3}
        other turns:
            say    Turn ${turn}.
        """,
        """
        agent  Round 1.
        agent  Round 2.
        agent  Slow.
        end  max_tokens
        agent  The second turn.
        error  -32000 Not now
        agent  Turn 3.
        end  end_turn
        """,
        prompts=("a", "b", "c"),
    )


async def test_turns_that_the_scenario_does_not_have(tmp_path: Path) -> None:
    seen = await play(tmp_path, "say One.", prompts=("a", "b"))
    assert seen.splitlines()[2:] == ["agent  The scenario has no turn 2.", "end  end_turn"]


@pytest.mark.parametrize("prompt", ["/play permission", "Please:\n/play permission\nThank you"])
async def test_a_prompt_names_a_scenario(tmp_path: Path, prompt: str) -> None:
    seen = await play(tmp_path, "", "reject-once", prompts=(prompt,))
    assert "agent  Then I do without." in seen


async def test_a_prompt_holds_a_scenario(tmp_path: Path) -> None:
    text = "Try:\n```scenario\nsay One.\nturn 2:\n  say Two.\n```\n"
    seen = await play(tmp_path, "", prompts=(text, "and now?"))
    assert [line for line in seen.splitlines() if line.startswith("agent")] == [
        "agent  One.",
        "agent  Two.",
    ]


@pytest.mark.parametrize(
    ("prompt", "error"),
    [
        ("/play nosuch", "nosuch:0: no such scenario (No such file or directory); built in are:"),
        ("Try:\n\n```scenario\nsay One.\nsya Two.\n```", "prompt:5: unknown step 'sya'; did you"),
    ],
)
async def test_a_prompt_with_a_bad_scenario(tmp_path: Path, prompt: str, error: str) -> None:
    assert f"error  -32602 {error}" in await play(tmp_path, "", prompts=(prompt,))


async def test_usage_and_models_of_a_turn(tmp_path: Path) -> None:
    from tests.scripted.client import stage

    scenario = "usage input=10 output=2 cached=5\nusage input=1 output=1 model=other\nturn 2:\n  usage input=3"
    async with stage(tmp_path, scenario) as found:
        await found.initialize()
        await found.open()
        first, second = await found.prompt(), await found.prompt()
    total = {"inputTokens": 11, "outputTokens": 3, "cachedReadTokens": 5, "totalTokens": 19}
    assert first.usage is not None and second.usage is not None
    assert first.usage.model_dump(by_alias=True, exclude_none=True) == total
    assert second.usage.input_tokens == 3
    assert first.field_meta is not None
    models = [entry["model"] for entry in first.field_meta["quota"]["model_usage"]]
    assert models == ["scripted-small", "other"]
