"""`athena dev …`: tools for those who work on Athena itself."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

import click

from athena.cli import options
from athena.cli.groups import Suggesting
from athena.cli.output import Exit, Failure, json_option, out, tell_json
from athena.harness import recording
from athena.harness.direct import DirectSession
from athena.harness.driver import AnswerInquiry, AnswerPermission, Close, Intent, Launch, Prompt
from athena.protocol import events as e
from athena.protocol.content import TextContent
from athena.protocol.request import OptionKind, Permission
from athena.protocol.spec import AgentSpec

OPEN_SECONDS = 60.0
CLOSE_SECONDS = 20.0


@click.group("dev", cls=Suggesting)
def dev() -> None:
    """Tools for those who work on Athena itself."""


@dev.command("record")
@click.argument("harness")
@click.argument("prompts", nargs=-1, required=True)
@click.option(
    "--output",
    "-o",
    metavar="FILE",
    type=click.Path(path_type=Path),
    required=True,
    help="The file to write.",
)
@click.option("--allow/--deny", default=False, help="How permission requests are answered.")
@options.model
@options.mode
@json_option
def record(
    harness: str,
    prompts: tuple[str, ...],
    output: Path,
    allow: bool,
    model: str | None,
    mode: str | None,
    as_json: bool,
) -> None:
    """Run HARNESS here without the daemon, give it PROMPTS, and keep all that was said.

    The recording can be replayed to the harness's driver in a test. Paths of this machine are
    replaced, and long texts are cut; read it before you give it to others.
    """
    from athena.app import settings
    from athena.harness.registry import driver_for

    rows = settings.load(Path.cwd()).harnesses()
    if harness not in rows:
        raise Failure(f"There is no harness {harness!r}.", Exit.NOT_FOUND)
    cwd = str(Path.cwd())
    spec = AgentSpec(name="recording", harness=harness, project=cwd, model=model, mode=mode)
    launch = Launch("run1", spec, cwd)
    with tempfile.TemporaryDirectory(prefix="athena-") as folder:
        stderr = Path(folder) / "stderr"
        session = DirectSession(driver_for(rows[harness]), launch, os.environ, stderr)
        try:
            asyncio.run(_play(session, prompts, allow))
        except (OSError, ValueError, EOFError, TimeoutError) as error:
            said = session.stderr() if stderr.exists() else ""
            raise Failure(
                f"{error or type(error).__name__}\n{said}".strip(), Exit.HARNESS
            ) from error
    recording.write(output, launch, session.log, {cwd: "/repo", str(Path.home()): "/home"})
    if as_json:
        tell_json({"entries": len(session.log), "path": str(output)})
    else:
        out.print(f"{len(session.log)} frames and intents are in {output}.")


async def _play(session: DirectSession, prompts: tuple[str, ...], allow: bool) -> None:
    async with session:
        await session.until_opened(OPEN_SECONDS)
        for number, words in enumerate(prompts, 1):
            turn_id = f"turn{number}"
            await session.do(Prompt(turn_id, f"prompt{number}", [TextContent(text=words)]))
            await _until_ended(session, turn_id, allow)
        await session.do(Close())
        await session.close(CLOSE_SECONDS)


async def _until_ended(session: DirectSession, turn_id: str, allow: bool) -> None:
    answered = 0
    while True:
        session.heard.clear()
        asked = [one for one in session.events if isinstance(one, e.RequestOpened)]
        for request in asked[answered:]:
            await session.do(_answer(request, allow))
        answered = len(asked)
        if any(isinstance(one, e.TurnEnded) and one.turn_id == turn_id for one in session.events):
            return
        if session.is_over:
            raise EOFError("The harness ended in the middle of a turn.")
        await session.heard.wait()


def _answer(request: e.RequestOpened, allow: bool) -> Intent:
    kind = OptionKind.ALLOW_ONCE if allow else OptionKind.REJECT_ONCE
    if isinstance(request.request, Permission):
        chosen = next((one.id for one in request.request.options if one.kind is kind), None)
        return AnswerPermission(request.request_id, chosen)
    return AnswerInquiry(request.request_id, None)
