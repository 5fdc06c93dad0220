"""`schema/athena.schema.json`: JSON Schema 2020-12 of every type, method and event."""

from __future__ import annotations

from tools.generate import MARK
from tools.generate import model as m
from tools.generate.layout import JSON, literal

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, object]


def render(model: m.Model) -> str:
    """The schema document.

    `x-methods`, `x-notifications` and `x-events` say which type is used where. Objects that Athena
    tells admit unknown fields, and events of unknown kinds: a newer server may send them.
    """
    document: Schema = {
        "$comment": MARK,
        "$schema": DIALECT,
        "$id": f"urn:athena:protocol:{model.version}",
        "title": "The types of the Athena protocol",
        "x-protocol": model.version,
        "x-methods": {
            o.name: {"params": reference(o.params), "result": reference(o.result), "lane": o.lane}
            for o in model.operations
        },
        "x-notifications": {s.name: {"params": reference(s.params)} for s in model.signals},
        "x-events": {
            e.kind: {"version": e.version, "data": reference(e.data)} for e in model.events
        },
        "$defs": {name: _definition(model, named) for name, named in model.types.items()},
    }
    return dumps(document)


def dumps(document: Schema) -> str:
    """The file's text."""
    return literal(document, JSON) + "\n"


def reference(name: str, file: str = "") -> Schema:
    """A pointer to a named type."""
    return {"$ref": f"{file}#/$defs/{name}"}


def field_schema(structure: m.Structure, field: m.Field, file: str = "") -> Schema:
    """The schema of a field's value. What clients give may be null, and has defaults."""
    schema = {**_schema(field.type, file), **field.limits}
    if structure.given and field.nullable and schema:
        schema = _or_null(schema)
    if structure.given and field.default is not None and not field.is_tag:
        schema["default"] = field.default
    return schema


def _definition(model: m.Model, named: m.Named) -> Schema:
    match named:
        case m.Enumeration():
            return {"description": named.doc, "type": "string", "enum": list(named.values)}
        case m.Union():
            return {"oneOf": [reference(member) for member in named.members.values()]}
        case m.Structure():
            return _object(model, named)


def _object(model: m.Model, structure: m.Structure) -> Schema:
    schema: Schema = {"description": structure.doc, "type": "object"}
    if structure.fields:
        schema["properties"] = {
            field.name: field_schema(structure, field) for field in structure.fields
        }
    if required := [f.name for f in structure.fields if not structure.may_lack(f)]:
        schema["required"] = required
    if structure.closed:
        schema["additionalProperties"] = False
    if structure.name == "Event":
        schema["allOf"] = [_payload(event) for event in model.events]
    return schema


def _payload(event: m.EventKind) -> Schema:
    """What `data` is for one kind, in the version known here."""
    known: Schema = {"kind": {"const": event.kind}, "v": {"const": event.version}}
    return {"if": {"properties": known}, "then": {"properties": {"data": reference(event.data)}}}


def _schema(kind: m.Type, file: str) -> Schema:
    match kind:
        case m.Scalar("any"):
            return {}
        case m.Scalar(name):
            return {"type": name}
        case m.Constants((only,)):
            return {"const": only}
        case m.Constants(values):
            return {"type": "string", "enum": list(values)}
        case m.Ref(name):
            return reference(name, file)
        case m.ListOf(item):
            return {"type": "array", "items": _schema(item, file)}
        case m.MapOf(value):
            return {"type": "object", "additionalProperties": _schema(value, file)}
        case m.AnyOf(options):
            return {"anyOf": [_schema(option, file) for option in options]}


def _or_null(schema: Schema) -> Schema:
    kind = schema.get("type")
    if isinstance(kind, str) and "enum" not in schema:
        return {**schema, "type": [kind, "null"]}
    return {"anyOf": [schema, {"type": "null"}]}
