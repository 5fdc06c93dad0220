"""What went wrong, from Claude Code's words for it to the classes that all harnesses share."""

from __future__ import annotations

from collections.abc import Mapping

from athena.harness.decode import Json, maybe_number, text, texts
from athena.harness.errors import Category, of_status
from athena.protocol.events import TurnError

OF_KIND: Mapping[str, Category] = {
    "account_on_hold": "billing",
    "authentication_failed": "authentication",
    "billing_error": "billing",
    "cloud_credential_error": "authentication",
    "invalid_request": "invalidRequest",
    "model_not_found": "invalidRequest",
    "oauth_org_not_allowed": "authentication",
    "overloaded": "overloaded",
    "rate_limit": "rateLimit",
    "server_error": "overloaded",
    "verification_required": "authentication",
}
"""`SDKAssistantMessageError` in Athena's classes."""

OF_REASON: Mapping[str, Category] = {
    "blocking_limit": "rateLimit",
    "budget_exhausted": "billing",
    "image_error": "invalidRequest",
    "prompt_too_long": "contextOverflow",
    "turn_setup_failed": "harness",
}
"""`TerminalReason` in Athena's classes."""


def of_assistant(frame: Json, words: str) -> TurnError:
    """The error that an `assistant` message stands for."""
    status = maybe_number(frame.get("api_error_status"))
    kind = text(frame.get("error"))
    category = OF_KIND.get(kind) or of_status(status)
    if category == "invalidRequest" and "prompt is too long" in words.lower():
        category = "contextOverflow"
    return TurnError(category=category, message=words or kind or "API error", status=status)


def of_result(result: Json, seen: TurnError | None) -> TurnError:
    """Why a turn failed: what was said before its result, or the result's own words."""
    if seen is not None:
        return seen
    status = maybe_number(result.get("api_error_status"))
    reason = text(result.get("terminal_reason"))
    words = "; ".join(texts(result.get("errors"))) or text(result.get("result"))
    category: Category = OF_REASON.get(reason) or of_status(status)
    if result.get("subtype") == "error_max_budget_usd":
        category = "billing"
    return TurnError(category=category, message=words or reason or "failed", status=status)
