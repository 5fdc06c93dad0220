"""Forms of MCP servers and ACP agents (`elicitation`): a JSON schema whose fields become questions,
and answers in words as values that the schema wants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from athena.harness.decode import Json, maybe_text, obj, objs, text, texts
from athena.protocol.request import Question, QuestionChoice

YES, NO = "Yes", "No"
TRUE = ("yes", "true", "y", "1")


def fields_of(schema: object) -> dict[str, str]:
    """The form's fields, and the type of each."""
    properties = obj(obj(schema).get("properties"))
    return {name: text(obj(one).get("type")) for name, one in properties.items()}


def questions_of(schema: object, message: str) -> list[Question]:
    """One question for each field of a form; `message` is what the form is for."""
    properties = obj(obj(schema).get("properties"))
    return [_question(name, obj(one), message) for name, one in properties.items()]


def _question(name: str, field: Json, message: str) -> Question:
    listed = obj(field.get("items")) if field.get("type") == "array" else field
    named = [*objs(listed.get("oneOf")), *objs(listed.get("anyOf"))]
    choices = [
        QuestionChoice(
            label=text(one.get("const")), description=_differs(one.get("title"), one.get("const"))
        )
        for one in named
    ] or [QuestionChoice(label=one) for one in texts(listed.get("enum"))]
    if field.get("type") == "boolean":
        choices = [QuestionChoice(label=YES), QuestionChoice(label=NO)]
    words = text(field.get("description")) or text(field.get("title")) or name
    return Question(
        id=name,
        text=words,
        header=_differs(message, words),
        choices=choices,
        several=field.get("type") == "array",
    )


def _differs(one: object, other: object) -> str | None:
    return maybe_text(one) if one != other else None


def content_of(fields: Mapping[str, str], answers: Mapping[str, list[str]]) -> dict[str, Any]:
    """The answers as the form's schema wants them."""
    return {name: _typed(fields.get(name, ""), words) for name, words in answers.items()}


def _typed(kind: str, words: list[str]) -> Any:
    """What does not fit goes as it was written, so that the asker can say what is wrong with it."""
    first = words[0] if words else ""
    try:
        match kind:
            case "array":
                return words
            case "boolean":
                return first.strip().lower() in TRUE
            case "integer":
                return int(first)
            case "number":
                return float(first)
            case _:
                return first
    except ValueError:
        return first
