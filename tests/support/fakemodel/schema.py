"""The smallest value that a simple JSON schema admits."""

from __future__ import annotations

from typing import Any


def example(schema: Any) -> Any:
    """An example of `schema`, deterministic; anything not understood becomes the string `x`."""
    if not isinstance(schema, dict):
        return "x"
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return example(schema[key][0])
    declared = schema.get("type", "object" if "properties" in schema else "string")
    kind = (declared[0] if isinstance(declared, list) else declared).lower()
    return _of_kind(kind, schema)


def _of_kind(kind: str, schema: dict[str, Any]) -> Any:
    match kind:
        case "object":
            properties = schema.get("properties") or {}
            wanted = schema.get("required") or properties
            return {key: example(value) for key, value in properties.items() if key in wanted}
        case "array":
            return [example(schema.get("items"))] if schema.get("minItems") else []
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return "x"
