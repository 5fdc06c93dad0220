"""What may be asked of an agent, and what is said when it may not."""

from __future__ import annotations

import pytest

from athena.core import decide
from athena.core.evolve import evolve
from athena.core.state import AgentState
from athena.protocol import events as e
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.request import Inquiry, Outcome, Question
from tests.core.story import fact


def after(story: str) -> AgentState:
    state = None
    for version, line in enumerate(story.split(";"), 1):
        state = evolve(state, "a", version, version, fact(line.strip()))
    assert state is not None
    return state


IDLE = "spawn; workspace /w; run; session"
ASKED = IDLE + '; prompt p1; turn; ask "run tests?"'


def refused(call: object, code: ErrorCode, words: str) -> None:
    with pytest.raises(AthenaError, match=words) as caught:
        call()  # type: ignore[operator]
    assert caught.value.code == code


def test_the_first_answer_counts() -> None:
    state = after(ASKED + "; answer")
    refused(lambda: answer(state, "allow"), ErrorCode.CONFLICT, "not open any more")


@pytest.mark.parametrize(
    ("said", "option"),
    [("once", "once"), ("allow", "once"), ("allowOnce", "once"), ("reject", "no")],
)
def test_an_answer_names_an_option_by_id_kind_or_sense(said: str, option: str) -> None:
    assert answer(after(ASKED), said).option_id == option


@pytest.mark.parametrize("said", ["allowAlways", "yes", None, ""])
def test_an_answer_that_is_not_offered_is_refused(said: str | None) -> None:
    refused(lambda: answer(after(ASKED), said), ErrorCode.INVALID_PARAMS, "once, no")


def test_cancelling_is_an_answer() -> None:
    closed = decide.answer(
        after(ASKED), "q1", option=None, answers=None, cancel=True, by="me", note=None
    )
    assert closed.outcome == Outcome.CANCELLED


def test_there_must_be_a_turn_to_interrupt() -> None:
    refused(lambda: decide.interrupt(after(IDLE), "me"), ErrorCode.WRONG_STATE, "is idle")


def test_interrupting_twice_changes_nothing() -> None:
    assert decide.interrupt(after(IDLE + "; prompt p1; turn; interrupt"), "me") == ()


def test_an_archived_agent_takes_no_prompts() -> None:
    state = after(IDLE + "; gone exited 0; archive")
    refused(lambda: decide.prompt(state, ["x"], False, "me"), ErrorCode.WRONG_STATE, "restore")


def test_a_running_agent_is_not_archived() -> None:
    refused(lambda: decide.archive(after(IDLE)), ErrorCode.WRONG_STATE, "stop it first")


def test_an_empty_prompt_is_refused() -> None:
    refused(lambda: decide.prompt(after(IDLE), [], False, "me"), ErrorCode.INVALID_PARAMS, "empty")


def test_a_prompt_that_was_handed_over_cannot_be_withdrawn() -> None:
    state = after(IDLE + "; prompt p1; turn")
    refused(lambda: decide.withdraw(state, "p1"), ErrorCode.NOT_FOUND, "not waiting")


def test_stopping_twice_changes_nothing() -> None:
    assert decide.stop(after(IDLE + "; stop"), "me") == ()


def answer(state: AgentState, option: str | None):
    return decide.answer(state, "q1", option=option, answers=None, cancel=False, by="me", note=None)


def test_a_secret_answer_is_not_recorded() -> None:
    questions = [Question(id="key", text="?", secret=True), Question(id="name", text="?")]
    answers = {"key": ["sesame"], "name": ["Ann"]}
    closed = e.RequestClosed(request_id="q", outcome=Outcome.ANSWERED, answers=answers)
    recorded = decide.without_secrets(closed, Inquiry(questions=questions))
    assert recorded.answers == {"key": ["[redacted]"], "name": ["Ann"]}
    assert decide.without_secrets(closed, Inquiry(questions=questions[1:])) == closed
