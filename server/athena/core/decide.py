"""What the user may ask of an agent in which state, and the facts that follow."""

from __future__ import annotations

from collections.abc import Sequence

from athena.core.redact import HIDDEN
from athena.core.state import AgentState, is_read_only
from athena.core.status import status
from athena.protocol import events as e
from athena.protocol.agent import OpenRequest, Status
from athena.protocol.content import ContentBlock
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.items import Notice
from athena.protocol.remedies import remedy
from athena.protocol.remedy import Remedy
from athena.protocol.request import Inquiry, OptionKind, Outcome, Permission
from athena.protocol.spec import WorkspaceSpec

Events = tuple[e.EventData, ...]


def prompt(state: AgentState, content: Sequence[ContentBlock], steer: bool, by: str) -> Events:
    """Take a prompt. A steering one without a running turn is an ordinary one, put first."""
    not_archived(state)
    not_read_only(state)
    if not content:
        raise AthenaError(ErrorCode.INVALID_PARAMS, "The prompt is empty.", field="content")
    if state.ending:
        raise wrong_state(state, "It is being stopped; resume it when it has ended.")
    return (
        e.PromptQueued(
            prompt_id=state.next_prompt_id(),
            content=list(content),
            delivery="steer" if steer else "queue",
            by=by,
        ),
    )


def withdraw(state: AgentState, prompt_id: str) -> Events:
    """Take back a prompt that still waits."""
    if all(q.prompt_id != prompt_id for q in state.queue):
        raise AthenaError(
            ErrorCode.NOT_FOUND,
            f"{prompt_id} is not waiting any more.",
            waiting=[q.prompt_id for q in state.queue],
        )
    return (e.PromptWithdrawn(prompt_id=prompt_id),)


def interrupt(state: AgentState, by: str) -> Events:
    """End the running turn; a second time changes nothing."""
    if state.turn is None:
        raise wrong_state(state, "There is no turn to interrupt.")
    if state.turn.interrupted:
        return ()
    return (e.TurnInterrupted(turn_id=state.turn.turn_id, by=by),)


def stop(state: AgentState, by: str) -> Events:
    """End in order."""
    if state.ending or (state.run is None and not state.wanted):
        return ()
    return (e.AgentStopped(how="stop", by=by),)


def kill(state: AgentState, by: str) -> Events:
    """End at once."""
    if state.ending == "kill" or (state.run is None and not state.wanted):
        return ()
    return (e.AgentStopped(how="kill", by=by),)


def resume(state: AgentState, by: str) -> Events:
    """Go on after an end."""
    not_archived(state)
    not_read_only(state)
    if state.run is not None or state.wanted:
        ask = remedy("athena.agent.prompt", state)
        raise wrong_state(state, f"It is running: give it a prompt ({ask}).", ask)
    return (e.AgentResumed(by=by),)


def rename(state: AgentState, name: str) -> Events:
    """Give another name."""
    return (e.AgentRenamed(name=name),) if name != state.name else ()


def archive(state: AgentState) -> Events:
    """Put away an agent that does not run."""
    if state.archived:
        return ()
    if state.run is not None or state.wanted:
        end = remedy("athena.agent.stop", state)
        raise wrong_state(state, f"It is running: stop it first ({end}).", end)
    return (e.AgentArchived(),)


def restore(state: AgentState) -> Events:
    """Take an archived agent out again."""
    return (e.AgentRestored(),) if state.archived else ()


def move(state: AgentState, moved: e.AgentMoved) -> Events:
    """Go on under another harness."""
    not_archived(state)
    not_read_only(state)
    if state.turn is not None:
        end = remedy("athena.agent.interrupt", state)
        raise wrong_state(state, "A turn is running: interrupt it or wait for its end.", end)
    if state.turns == 0:
        return (moved,)
    seam = Notice(
        text=f"The work goes on under {moved.harness}, which is told the conversation so far.",
        topic="harness",
    )
    return (moved, e.ItemCompleted(item_id=f"{state.id}.v{state.version + 2}", item=seam))


def adopt(
    state: AgentState,
    open_work: Sequence[e.EventData],
    workspace: WorkspaceSpec,
    model: str | None,
    mode: str | None,
    by: str,
) -> Events:
    """Go on with an imported session. `open_work` closes what was open in it."""
    not_archived(state)
    imported = state.imported
    if imported is None or imported.adopted:
        ask = remedy("athena.agent.prompt", state)
        raise wrong_state(state, f"It is an agent of Athena already: prompt it ({ask}).", ask)
    where = "a new worktree" if workspace.kind == "new" else "its own directory"
    seam = Notice(
        text=f"Athena goes on from here, in {where}. All before was made outside.", topic="adoption"
    )
    return (
        *open_work,
        e.ItemCompleted(item_id=f"{state.id}.adopted", item=seam),
        e.SessionAdopted(
            session_id=imported.session_id, workspace=workspace, model=model, mode=mode, by=by
        ),
    )


def answer(
    state: AgentState,
    request_id: str,
    *,
    option: str | None,
    answers: dict[str, list[str]] | None,
    cancel: bool,
    by: str,
    note: str | None,
) -> e.RequestClosed:
    """Answer an open request. The first answer counts: a second one is a conflict."""
    opened = state.requests.get(request_id)
    if opened is None:
        raise AthenaError(
            ErrorCode.CONFLICT, f"{request_id} is not open any more: it was answered or is void."
        )
    if cancel:
        return e.RequestClosed(request_id=request_id, outcome=Outcome.CANCELLED, by=by, note=note)
    match opened.request:
        case Permission():
            chosen = choose(opened, option)
            return e.RequestClosed(
                request_id=request_id, outcome=Outcome.SELECTED, option_id=chosen, by=by, note=note
            )
        case Inquiry():
            _check_answers(opened.request, answers)
            return e.RequestClosed(
                request_id=request_id, outcome=Outcome.ANSWERED, answers=answers, by=by, note=note
            )


def without_secrets(closed: e.RequestClosed, request: Permission | Inquiry) -> e.RequestClosed:
    """An answer as the log may have it."""
    if closed.answers is None or not isinstance(request, Inquiry):
        return closed
    secret = {question.id for question in request.questions if question.secret}
    answers = {
        name: [HIDDEN] * len(said) if name in secret else said
        for name, said in closed.answers.items()
    }
    return closed.model_copy(update={"answers": answers})


def choose(opened: OpenRequest, option: str | None) -> str:
    """The id of the option that the words `option` mean: an id, a kind, `allow` or `reject`."""
    assert isinstance(opened.request, Permission)
    offered = opened.request.options
    for o in offered:
        if o.id == option:
            return o.id
    wanted: dict[str, tuple[OptionKind, ...]] = {
        "allow": (OptionKind.ALLOW_ONCE, OptionKind.ALLOW_ALWAYS),
        "reject": (OptionKind.REJECT_ONCE, OptionKind.REJECT_ALWAYS),
        **{kind.value: (kind,) for kind in OptionKind},
    }
    for kind in wanted.get(option or "", ()):
        for o in offered:
            if o.kind == kind:
                return o.id
    raise AthenaError(
        ErrorCode.INVALID_PARAMS,
        f"{option!r} is none of the options: {', '.join(o.id for o in offered)}.",
        field="option",
        options=[o.wire() for o in offered],
    )


def _check_answers(inquiry: Inquiry, answers: dict[str, list[str]] | None) -> None:
    known = {q.id: q for q in inquiry.questions}
    if not answers:
        raise AthenaError(
            ErrorCode.INVALID_PARAMS,
            f"Answers are missing for: {', '.join(known)}.",
            field="answers",
        )
    for key, texts in answers.items():
        if key not in known:
            raise AthenaError(
                ErrorCode.INVALID_PARAMS, f"{key!r} is no question of it.", field=f"answers.{key}"
            )
        if len(texts) > 1 and not known[key].several:
            raise AthenaError(
                ErrorCode.INVALID_PARAMS, f"{key!r} takes one answer.", field=f"answers.{key}"
            )


def not_archived(state: AgentState) -> None:
    """WRONG_STATE for an agent that was put away."""
    if state.archived:
        back = remedy("athena.agent.restore", state)
        raise wrong_state(state, f"It is archived: restore it first ({back}).", back)


def not_read_only(state: AgentState) -> None:
    """WRONG_STATE for an imported agent that nobody has adopted."""
    if is_read_only(state):
        take = remedy("athena.session.adopt", state)
        raise wrong_state(
            state,
            "Its session was made outside, so it is read-only here. To go on with it, adopt it "
            f"({take}).",
            take,
        )


def wrong_state(state: AgentState, why: str, *remedies: Remedy) -> AthenaError:
    """What the agent's state does not allow, and what to do about it."""
    now, _ = status(state)
    doing = {
        Status.NEEDS_PERMISSION: "waiting for a permission",
        Status.NEEDS_INPUT: "waiting for an answer",
    }.get(now, now.value)
    words = f"{state.name} is {doing}. {why}"
    return AthenaError(ErrorCode.WRONG_STATE, words, remedies=remedies, status=now.value)
