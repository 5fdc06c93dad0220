"""What may be sent when: the life of an LSP connection (LSP 3.17, "Server lifecycle")."""

from __future__ import annotations

from enum import Enum, auto

from athena.protocol.errors import AthenaError, ErrorCode


class Phase(Enum):
    """Before `initialize` was answered, between, after `shutdown` was received."""

    NEW = auto()
    READY = auto()
    SHUT_DOWN = auto()


def refuse_request(phase: Phase, method: str) -> AthenaError | None:
    """Why this request may not be sent now; None when it may."""
    match phase:
        case Phase.NEW if method != "initialize":
            return AthenaError(
                ErrorCode.SERVER_NOT_INITIALIZED, f"Send `initialize` before `{method}`."
            )
        case Phase.READY if method == "initialize":
            words = "`initialize` was sent before; a connection has one."
            return AthenaError(ErrorCode.INVALID_REQUEST, words)
        case Phase.SHUT_DOWN:
            words = f"`{method}` came after `shutdown`, where only `exit` may follow."
            return AthenaError(ErrorCode.INVALID_REQUEST, words)
        case _:
            return None


def hears_notification(phase: Phase) -> bool:
    """Whether notifications other than `exit` count; before and after they are dropped."""
    return phase is Phase.READY


def exit_code(phase: Phase) -> int:
    """The exit code of `exit`: success only after a `shutdown`."""
    return 0 if phase is Phase.SHUT_DOWN else 1
