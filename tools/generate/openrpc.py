"""`schema/openrpc.json`: the methods, as OpenRPC 1.3. Their types are in the JSON Schema."""

from __future__ import annotations

from tools.generate import MARK
from tools.generate import model as m
from tools.generate.jsonschema import Schema, dumps, field_schema, reference

TYPES = "athena.schema.json"
NOTIFICATION = "notification"


def render(model: m.Model) -> str:
    """The document.

    OpenRPC knows a method without a result as a notification, and none that the server sends: ours
    are listed so, with a tag that says who sends them.
    """
    return dumps(
        {
            "x-generated": MARK,
            "openrpc": "1.3.2",
            "info": {
                "title": "Athena",
                "version": str(model.version),
                "description": "Runs coding agents side by side. See docs/protocol.md.",
            },
            "methods": [
                *(_method(model, operation) for operation in model.operations),
                *(_notification(model, signal) for signal in model.signals),
            ],
            "components": {
                "errors": {
                    fault.name: {"code": fault.code, "message": fault.text}
                    for fault in model.faults
                },
                "tags": {
                    NOTIFICATION: {
                        "name": NOTIFICATION,
                        "description": "Sent by Athena to a client.",
                    }
                },
            },
        }
    )


def _method(model: m.Model, operation: m.Operation) -> Schema:
    return {
        "name": operation.name,
        "summary": operation.summary,
        "paramStructure": "by-name",
        "params": _params(model.structure(operation.params)),
        "result": {"name": operation.result, "schema": reference(operation.result, TYPES)},
        "x-lane": operation.lane,
    }


def _notification(model: m.Model, signal: m.Signal) -> Schema:
    return {
        "name": signal.name,
        "summary": signal.summary,
        "paramStructure": "by-name",
        "params": _params(model.structure(signal.params)),
        "tags": [{"$ref": f"#/components/tags/{NOTIFICATION}"}],
        "x-droppable": signal.droppable,
    }


def _params(structure: m.Structure) -> list[Schema]:
    """Required ones first, as OpenRPC wants it."""
    fields = sorted(structure.fields, key=structure.may_lack)
    return [
        {
            "name": field.name,
            "required": not structure.may_lack(field),
            "schema": field_schema(structure, field, TYPES),
        }
        for field in fields
    ]
