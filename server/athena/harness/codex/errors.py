"""What went wrong, from Codex's words for it to the classes that all harnesses share."""

from __future__ import annotations

from collections.abc import Mapping

from athena.harness.decode import Json, maybe_number, maybe_text, obj, text
from athena.harness.errors import Category, of_status, provider_words
from athena.protocol.events import TurnError

OF_INFO: Mapping[str, Category] = {
    "activeTurnNotSteerable": "harness",
    "badRequest": "invalidRequest",
    "contextWindowExceeded": "contextOverflow",
    "flexUnavailable": "overloaded",
    "internalServerError": "overloaded",
    "rateLimitExceeded": "rateLimit",
    "sandboxError": "harness",
    "serverOverloaded": "overloaded",
    "sessionBudgetExceeded": "billing",
    "threadRollbackFailed": "harness",
    "tooManyDenials": "harness",
    "unauthorized": "authentication",
    "usageLimitExceeded": "rateLimit",
}
"""`CodexErrorInfo` in Athena's classes; those of a connection carry an HTTP status or none."""

REFUSALS = ("cyberPolicy", "misalignmentPolicyViolation")
"""Not that something went wrong: the provider does not do what it was asked."""

OF_TYPE: Mapping[str, Category] = {
    "authentication_error": "authentication",
    "context_length_exceeded": "contextOverflow",
    "insufficient_quota": "billing",
    "invalid_request_error": "invalidRequest",
    "overloaded_error": "overloaded",
    "rate_limit_error": "rateLimit",
}
"""OpenAI's own error types, which Codex passes on as text where it has no class for them."""

CONNECTION = (
    "httpConnectionFailed",
    "responseStreamConnectionFailed",
    "responseStreamDisconnected",
    "responseTooManyFailedAttempts",
)


def is_refusal(error: Json) -> bool:
    """Whether the turn's error is that the provider refuses the task."""
    return error.get("codexErrorInfo") in REFUSALS


def turn_error(error: Json) -> TurnError:
    """The error of a turn, or of a try in it (`TurnError` of Codex)."""
    info = error.get("codexErrorInfo")
    name = info if isinstance(info, str) else next(iter(obj(info)), "")
    status = maybe_number(obj(obj(info).get(name)).get("httpStatusCode"))
    category = OF_INFO.get(name) or of_status(status)
    if name in CONNECTION and status is None:
        category = "network"
    details = maybe_text(error.get("additionalDetails"))
    message, kind = provider_words(text(error.get("message")) or name or "failed")
    if category == "unknown":
        category = OF_TYPE.get(kind, category)
    words = f"{message} ({details})" if details else message
    return TurnError(category=category, message=words, status=status)
