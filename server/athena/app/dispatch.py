"""From a method's name and raw parameters to a result: the same for every door."""

from __future__ import annotations

from athena.app.context import Context
from athena.app.handlers import HANDLERS
from athena.border import Connection
from athena.log import LogUnavailable
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.methods import BY_NAME
from athena.protocol.parsing import parse
from athena.worktree.errors import RemovalRefused, WorktreeError


async def dispatch(context: Context, connection: Connection, name: str, params: object) -> object:
    """Answer one request; `AthenaError` for all that a client can do something about."""
    method = BY_NAME.get(name)
    if method is None:
        raise AthenaError(
            ErrorCode.METHOD_NOT_FOUND, f"There is no method {name!r}; see docs/protocol.md."
        )
    parsed = parse(name, method.params, params)
    try:
        work = HANDLERS[name](context, connection, parsed)
        # What changes something is not left half done by a client that gives up on it.
        result = await (context.steady.run(work) if method.lane == "write" else work)
    except LogUnavailable as error:
        raise AthenaError(
            ErrorCode.LOG_UNAVAILABLE, str(error), state=error.state.name, hint=error.state.hint
        ) from error
    except WorktreeError as error:
        raise told(error) from error
    return result.wire()


def told(error: WorktreeError) -> AthenaError:
    """An error of git's side in the words of the wire; what a tool printed is in the data."""
    code = ErrorCode.REFUSED if isinstance(error, RemovalRefused) else ErrorCode.GIT_FAILED
    data: dict[str, object] = {"kind": error.kind}
    if error.detail:
        data["stderr"] = error.detail
    if isinstance(error, RemovalRefused):
        data["hazards"] = dict(zip(error.hazards, error.reasons, strict=False))
    words = f"{error.message} {error.advice}".strip()
    return AthenaError(code, words, remedies=error.remedies, **data)
