"""Error codes, the same through every door.

JSON-RPC 2.0 and LSP reserve -32899 to -32000, so Athena's own codes are positive.
"""

from __future__ import annotations

from enum import IntEnum

TYPE_CHECKING = False
if TYPE_CHECKING:
    # The command line starts without it.
    from collections.abc import Sequence

    from athena.protocol.remedy import Remedy


class ErrorCode(IntEnum):
    """What went wrong, for programs. The message says it for people and what to do."""

    PARSE_ERROR = -32700
    INVALID_REQUEST = -32600
    METHOD_NOT_FOUND = -32601
    INVALID_PARAMS = -32602
    INTERNAL_ERROR = -32603
    SERVER_NOT_INITIALIZED = -32002
    REQUEST_CANCELLED = -32800

    NOT_FOUND = 1001
    AMBIGUOUS = 1002
    WRONG_STATE = 1003
    CONFLICT = 1004
    LOG_UNAVAILABLE = 1005
    HARNESS_UNAVAILABLE = 1006
    NOT_CAPABLE = 1007
    GIT_FAILED = 1008
    REFUSED = 1009
    TOO_LARGE = 1010
    BUSY = 1011


ERROR_TEXTS: dict[ErrorCode, str] = {
    ErrorCode.PARSE_ERROR: "The message is no JSON.",
    ErrorCode.INVALID_REQUEST: "The message is no request, or not one that may be sent now.",
    ErrorCode.METHOD_NOT_FOUND: "There is no such method.",
    ErrorCode.INVALID_PARAMS: "The parameters do not fit; `data.field` names the first wrong one.",
    ErrorCode.INTERNAL_ERROR: "A fault of Athena; the daemon's log has the details.",
    ErrorCode.SERVER_NOT_INITIALIZED: "`initialize` was not sent yet.",
    ErrorCode.REQUEST_CANCELLED: "The client cancelled the request.",
    ErrorCode.NOT_FOUND: "What the parameters name does not exist.",
    ErrorCode.AMBIGUOUS: "The name fits several; `data.candidates` lists them.",
    ErrorCode.WRONG_STATE: "The agent's state does not allow this now.",
    ErrorCode.CONFLICT: "Somebody else was first, or the version was not the expected one.",
    ErrorCode.LOG_UNAVAILABLE: "The event log takes no writes; `data.state` says why.",
    ErrorCode.HARNESS_UNAVAILABLE: "The harness is not installed or does not start.",
    ErrorCode.NOT_CAPABLE: "The harness cannot do this.",
    ErrorCode.GIT_FAILED: "git refused; `data.stderr` has its words.",
    ErrorCode.REFUSED: "It would destroy work; `data.hazards` says which, and how to insist.",
    ErrorCode.TOO_LARGE: "The message or the answer is larger than the limit.",
    ErrorCode.BUSY: "Too many requests are open on this connection.",
}


class AthenaError(Exception):
    """An error that a client is told as it is: a code, words for people, data for programs.

    `remedies` are commands that help; the message names them where it says what to do.
    """

    def __init__(
        self, code: ErrorCode, message: str, *, remedies: Sequence[Remedy] = (), **data: object
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data: dict[str, object] = data
        if remedies:
            self.data["remedies"] = [remedy.wire() for remedy in remedies]
