"""`athena/agent/...`: the life of an agent, as its user steers it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from athena.app import environment, trust
from athena.app import spawn as making
from athena.app.actor import AgentActor
from athena.app.context import Context
from athena.app.draft import Draft
from athena.app.trees import need_folder
from athena.app.user import need_user
from athena.border import Connection
from athena.core import decide
from athena.harness import driver as d
from athena.log import Appended, LogUnavailable
from athena.projections.agents import detail
from athena.protocol import agent as a
from athena.protocol import events as e
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.remedies import remedy


def by(connection: Connection) -> str:
    """The name under which a client's deeds are recorded."""
    return connection.client.name


async def spawn(context: Context, connection: Connection, asked: a.SpawnAgent) -> a.AgentDetail:
    """Record a new agent; its workspace and process follow by themselves."""
    if asked.mode is not None or asked.options:
        need_user(context, connection)
    asked, host = _hosted(context, connection, asked)
    project = making.project_of(asked.project or host, connection.cwd)
    settings, withheld = trust.settings_for(context.settings(project), project)
    content = making.content_of(asked.prompt, asked.content)
    surroundings = environment.of_client(connection, asked.environment, asked.mcp_servers)
    agent_id = making.agent_id(asked.command_id)
    known = context.directory.view(agent_id)
    if known is not None:
        return detail((await context.directory.actor(agent_id)).state)
    parent = context.directory.resolve(asked.parent_id) if asked.parent_id else None
    harness = making.harness_of(
        asked, settings, context.launcher.first_installed(settings, surroundings.all)
    )
    spec = making.spec_of(
        asked.model_copy(update={"parent_id": parent}),
        settings,
        project,
        making.name_of(asked, content, context.directory.names()),
        harness,
    )
    making.check_startable(spec, settings.harness(harness), surroundings.all)
    environment.save(context.environments, agent_id, surroundings)

    def build(draft: Draft) -> None:
        draft.record(e.AgentSpawned(spec=spec, by=by(connection)))
        if withheld:
            note = trust.withheld_note(withheld, project)
            draft.record(e.ItemCompleted(item_id=f"{agent_id}.settings", item=note))
        if content:
            draft.record(*decide.prompt(draft.now, content, steer=False, by=by(connection)))

    return await begun(context, agent_id, spec.name, build, asked.command_id)


async def begun(
    context: Context,
    agent_id: str,
    name: str,
    build: Callable[[Draft], None],
    command_id: str | None,
) -> a.AgentDetail:
    """A new agent of that name, out of its first events. `AthenaError` where another one has it."""
    with context.directory.promised(name, agent_id):
        actor = await context.directory.actor(agent_id)
        await actor.once(build, command_id)
    return detail(actor.state)


def _hosted(
    context: Context, connection: Connection, asked: a.SpawnAgent
) -> tuple[a.SpawnAgent, str | None]:
    """What was asked with its workspace looked up; the project, where another agent has it."""
    if asked.workspace is None:
        return asked, None
    if asked.workspace.agent is None:
        place = making.placed(asked.workspace, connection.cwd)
        return asked.model_copy(update={"workspace": place}), None
    host = context.directory.view(context.directory.resolve(asked.workspace.agent))
    assert host is not None
    return asked.model_copy(update={"workspace": making.workspace_of(host)}), host.project


async def list_(context: Context, connection: Connection, asked: a.ListAgents) -> a.AgentList:
    """The agents, oldest first."""
    project = making.project_of(asked.project, connection.cwd) if asked.project else None
    cursor = await context.settled_head()
    views = [
        v
        for v in context.directory.views()
        if (asked.archived or not v.archived)
        and (project is None or Path(v.project).is_relative_to(project))
        and (asked.status is None or v.status in asked.status)
    ]
    return a.AgentList(agents=views, cursor=cursor)


async def get(context: Context, connection: Connection, asked: a.AgentRef) -> a.AgentDetail:
    """One agent."""
    return detail((await _actor(context, asked.agent)).state)


async def prompt(context: Context, connection: Connection, asked: a.PromptAgent) -> a.Prompted:
    """Queue a prompt."""
    return await _prompt(context, connection, asked, steer=False)


async def steer(context: Context, connection: Connection, asked: a.PromptAgent) -> a.Prompted:
    """Send a prompt into the running turn."""
    return await _prompt(context, connection, asked, steer=True)


async def _prompt(
    context: Context, connection: Connection, asked: a.PromptAgent, steer: bool
) -> a.Prompted:
    actor = await _actor(context, asked.agent)
    need_folder(actor.state)
    content = making.content_of(asked.text, asked.content)

    def build(draft: Draft) -> str:
        name = draft.now.next_prompt_id()
        draft.record(*decide.prompt(draft.now, content, steer=steer, by=by(connection)))
        return name

    prompt_id, appended = await actor.once(build, asked.command_id)
    state = actor.state
    return a.Prompted(
        agent_id=state.id,
        prompt_id=prompt_id or await _queued_then(context, state.id, appended),
        version=state.version,
        seq=appended.last_seq,
    )


async def _queued_then(context: Context, agent_id: str, appended: Appended) -> str:
    """The prompt that a command queued when it came for the first time."""
    found = await context.log.read(
        appended.first_seq - 1,
        upto=appended.last_seq,
        streams=[agent_id],
        kinds=[e.PromptQueued.KIND],
    )
    if not found:
        raise AthenaError(
            ErrorCode.INVALID_PARAMS,
            "commandId named a command that is no prompt.",
            field="commandId",
        )
    return str(found[0].data["promptId"])


async def withdraw(context: Context, connection: Connection, asked: a.WithdrawPrompt) -> a.Changed:
    """Take back a queued prompt."""
    return await _decide(
        context, asked.agent, lambda draft: decide.withdraw(draft.now, asked.prompt_id)
    )


async def interrupt(context: Context, connection: Connection, asked: a.AgentRef) -> a.Changed:
    """End the running turn."""

    def build(draft: Draft) -> None:
        if decide.interrupt(draft.now, by(connection)):
            draft.interrupt(by(connection))

    return await _change(await _actor(context, asked.agent), build)


async def stop(context: Context, connection: Connection, asked: a.AgentRef) -> a.Changed:
    """End the agent in order."""
    return await _decide(context, asked.agent, lambda draft: decide.stop(draft.now, by(connection)))


async def kill(context: Context, connection: Connection, asked: a.AgentRef) -> a.Changed:
    """End all processes of the agent now."""
    actor = await _actor(context, asked.agent)
    try:
        changed = await _decide(
            context, asked.agent, lambda draft: decide.kill(draft.now, by(connection))
        )
    except LogUnavailable as error:
        # It may be the agent that fills the disk.
        actor.end_processes()
        raise AthenaError(
            ErrorCode.LOG_UNAVAILABLE,
            f"{error} Its processes are ended all the same.",
            state=error.state.name,
            hint=error.state.hint,
        ) from error
    await actor.scripts.end("setup", "run", "teardown", why="the agent was killed")
    return changed


async def resume(context: Context, connection: Connection, asked: a.ResumeAgent) -> a.Changed:
    """Go on with an ended agent, in the environment of the client that asks."""
    actor = await _actor(context, asked.agent)
    content = making.content_of(asked.text, None)

    def build(draft: Draft) -> None:
        draft.record(*decide.resume(draft.now, by(connection)))
        if content:
            draft.record(*decide.prompt(draft.now, content, steer=False, by=by(connection)))

    decide.resume(actor.state, by(connection))
    need_folder(actor.state)
    before = environment.kept(context.environments, actor.agent_id)
    surroundings = environment.of_client(connection, before.added, before.servers)
    environment.save(context.environments, actor.agent_id, surroundings)
    return await _change(actor, build)


async def rename(context: Context, connection: Connection, asked: a.RenameAgent) -> a.Changed:
    """Give another name, which no other agent has."""
    name = asked.name.strip()
    if not name:
        raise AthenaError(ErrorCode.INVALID_PARAMS, "The name is empty.", field="name")
    actor = await _actor(context, asked.agent)
    with context.directory.promised(name, actor.agent_id):
        return await _change(actor, lambda draft: draft.record(*decide.rename(draft.now, name)))


async def archive(context: Context, connection: Connection, asked: a.AgentRef) -> a.Changed:
    """Put an ended agent away; its events move to the log's archive."""
    changed = await _decide(context, asked.agent, lambda draft: decide.archive(draft.now))
    actor = await _actor(context, changed.agent_id)
    await actor.scripts.end("run", why="the agent was archived")
    await context.log.archive(changed.agent_id)
    environment.forget(context.environments, changed.agent_id)
    return changed


async def restore(context: Context, connection: Connection, asked: a.AgentRef) -> a.Changed:
    """Take an archived agent out again, in the environment of the client that asks.

    Its name must not have been given to another one.
    """
    actor = await _actor(context, asked.agent)
    with context.directory.promised(actor.state.name, actor.agent_id):
        if actor.state.archived:
            environment.save(
                context.environments, actor.agent_id, environment.of_client(connection, {})
            )
        return await _change(actor, lambda draft: draft.record(*decide.restore(draft.now)))


async def set_mode(context: Context, connection: Connection, asked: a.SetMode) -> a.Changed:
    """Change the session's mode, and with it what the agent may do unasked."""
    need_user(context, connection)
    return await _tell(context, asked.agent, d.SetMode(asked.mode))


async def set_model(context: Context, connection: Connection, asked: a.SetModel) -> a.Changed:
    """Change the session's model."""
    return await _tell(context, asked.agent, d.SetModel(asked.model))


async def set_option(context: Context, connection: Connection, asked: a.SetOption) -> a.Changed:
    """Change an option that the harness offers."""
    need_user(context, connection)
    return await _tell(context, asked.agent, d.SetOption(asked.option, asked.value))


async def move(context: Context, connection: Connection, asked: a.MoveAgent) -> a.Changed:
    """Go on under another harness."""
    if asked.mode is not None or asked.options:
        need_user(context, connection)
    actor = await _actor(context, asked.agent)
    harness = context.settings_of(actor.state).harness(asked.harness)
    moved = e.AgentMoved(
        harness=harness.name, model=asked.model, mode=asked.mode, options=asked.options
    )
    return await _change(actor, lambda draft: draft.record(*decide.move(draft.now, moved)))


async def logs(context: Context, connection: Connection, asked: a.ReadLogs) -> a.Logs:
    """What the harness wrote to its standard error."""
    state = (await _actor(context, asked.agent)).state
    run_id = asked.run_id or (f"{state.id}.r{state.runs}" if state.runs else None)
    if run_id is None:
        return a.Logs(text="")
    if not run_id.startswith(f"{state.id}.r") or "/" in run_id:
        raise AthenaError(
            ErrorCode.NOT_FOUND, f"{run_id} is no run of {state.name}.", field="runId"
        )
    return context.launcher.error_output(run_id, asked.bytes)


async def _actor(context: Context, name: str) -> AgentActor:
    return await context.directory.actor(context.directory.resolve(name))


async def _decide(
    context: Context, name: str, rule: Callable[[Draft], tuple[e.EventData, ...]]
) -> a.Changed:
    return await _change(await _actor(context, name), lambda draft: draft.record(*rule(draft)))


async def _tell(context: Context, name: str, intent: d.Intent) -> a.Changed:
    """Hand a wish to the running harness; what becomes of it, the harness says."""

    def build(draft: Draft) -> None:
        if draft.driver is None or draft.now.run is None or not draft.now.run.ready:
            start = remedy("athena.agent.resume", draft.now)
            raise AthenaError(
                ErrorCode.WRONG_STATE,
                f"{draft.now.name} does not run; resume it first ({start}).",
                remedies=[start],
            )
        draft.ask(intent)

    return await _change(await _actor(context, name), build)


async def _change(actor: AgentActor, build: Callable[[Draft], None]) -> a.Changed:
    _, appended = await actor.change(build)
    state = actor.state
    return a.Changed(agent_id=state.id, version=state.version, seq=appended.last_seq)
