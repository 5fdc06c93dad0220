"""Parameters as the type of their method."""

from __future__ import annotations

from typing import TypeVar

from pydantic import ValidationError

from athena.protocol.base import Request
from athena.protocol.errors import AthenaError, ErrorCode

R = TypeVar("R", bound=Request)


def parse(name: str, kind: type[R], params: object) -> R:
    """The parameters of the method `name`. INVALID_PARAMS names the first wrong field."""
    if not isinstance(params, dict | None):
        raise AthenaError(
            ErrorCode.INVALID_PARAMS,
            f"{name} takes its parameters by name, in an object.",
            field="",
        )
    try:
        return kind.model_validate(params or {})
    except ValidationError as error:
        problems = [
            {"field": ".".join(str(part) for part in p["loc"]), "problem": p["msg"]}
            for p in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        first = problems[0]
        raise AthenaError(
            ErrorCode.INVALID_PARAMS,
            f"{name}: {first['field']}: {first['problem']}",
            field=first["field"],
            problems=problems,
        ) from error
