"""`Protocol.gen.kt`: the types. The LSP library of JetBrains' clients, LSP4J, uses Gson."""

from __future__ import annotations

from collections.abc import Iterator

from tools.generate import MARK
from tools.generate import model as m
from tools.generate.kotlin.codec import HELPERS, adapter, reader, writer
from tools.generate.kotlin.language import PACKAGE, default, property_name, text, type_name
from tools.generate.text import block_comment, pascal, upper

HEAD = f"""\
// {MARK}
@file:JvmName("Protocol")

package {PACKAGE}

import com.google.gson.JsonArray
import com.google.gson.JsonDeserializationContext
import com.google.gson.JsonDeserializer
import com.google.gson.JsonElement
import com.google.gson.JsonObject
import com.google.gson.JsonParseException
import com.google.gson.JsonPrimitive
import com.google.gson.JsonSerializationContext
import com.google.gson.JsonSerializer
import com.google.gson.annotations.JsonAdapter
import java.lang.reflect.Type
"""


def render(model: m.Model) -> str:
    """The file."""
    return "\n".join(
        (
            HEAD,
            f"public const val PROTOCOL_VERSION: Int = {model.version}\n",
            *(_named(model, named) for named in model.types.values()),
            _events(model),
            HELPERS,
        )
    )


def _named(model: m.Model, named: m.Named) -> str:
    match named:
        case m.Enumeration():
            return block_comment(named.doc) + _enumeration(named.name, named.values, "")
        case m.Union():
            return _union(named)
        case m.Structure():
            return block_comment(named.doc) + _structure(model, named)


def _enumeration(name: str, values: tuple[str, ...], pad: str) -> str:
    entries = "".join(f"{pad}    {upper(value)}({text(value)}),\n" for value in values)
    return (
        f"{pad}public enum class {name}(public val wire: String) {{\n"
        f"{entries}"
        f'{pad}    UNRECOGNIZED("");\n\n'
        f"{pad}    internal companion object {{\n"
        f"{pad}        fun from(json: JsonElement): {name} =\n"
        f"{pad}            entries.firstOrNull {{ it.wire == json.asString }} ?: UNRECOGNIZED\n"
        f"{pad}    }}\n{pad}}}\n"
    )


UNION = """\
public sealed interface {name} {{
    /** One of a kind that only a newer server knows. */
    public data class Unknown(public val json: JsonObject) : {name}

    public companion object {{
        internal fun from(json: JsonElement): {name} =
            when (json.asJsonObject.given({tag})?.asString) {{
{readers}                else -> Unknown(json.asJsonObject)
            }}
    }}
}}
"""


def _union(union: m.Union) -> str:
    readers = "".join(
        f"                {text(value)} -> {member}.from(json)\n"
        for value, member in union.members.items()
    )
    declared = UNION.format(name=union.name, tag=text(union.tag), readers=readers)
    if not union.given:
        return declared
    writers = "".join(f"        is {member} -> json()\n" for member in union.members.values())
    return (
        f"{declared}\ninternal fun {union.name}.json(): JsonElement =\n    when (this) {{\n"
        f"{writers}        is {union.name}.Unknown -> json\n    }}\n"
    )


def _structure(model: m.Model, structure: m.Structure) -> str:
    name = structure.name
    parents = [union.name for union, _ in model.unions_of(name)]
    if any(event.data == name for event in model.events):
        parents.append("EventData")
    above = f" : {', '.join(parents)}" if parents else ""
    annotation = f"@JsonAdapter({name}.Adapter::class)\n" if adapter(model, structure) else ""
    fields = [field for field in structure.fields if not field.is_tag]
    if fields:
        parameters = "".join(f"    {_parameter(model, field)},\n" for field in fields)
        head = f"{annotation}public data class {name}(\n{parameters}){above}"
    else:
        head = f"{annotation}public data object {name}{above}"
    body = "\n".join(_body(model, structure, fields))
    return f"{head} {{\n{body}}}\n" if body else f"{head}\n"


def _body(model: m.Model, structure: m.Structure, fields: list[m.Field]) -> Iterator[str]:
    for field in structure.fields:
        if isinstance(field.type, m.Constants):
            if field.is_tag:
                yield f"    public val {field.name}: String = {text(field.type.values[0])}\n"
            else:
                yield _enumeration(pascal(field.name), field.type.values, "    ")
    if structure.told:
        yield reader(model, structure.name, fields)
    if structure.given and fields:
        yield writer(model, structure)
    if supertype := adapter(model, structure):
        yield f"    internal class Adapter : {supertype}\n"


def _parameter(model: m.Model, field: m.Field) -> str:
    kind = type_name(field.type, field.name)
    if field.required and not field.nullable:
        return f"public val {property_name(field.name)}: {kind}"
    if field.default is None:
        return f"public val {property_name(field.name)}: {kind}? = null"
    return f"public val {property_name(field.name)}: {kind} = {default(model, field)}"


def _events(model: m.Model) -> str:
    rows = "".join(
        f"        kind == {text(e.kind)} && v == {e.version}L -> {e.data}.from(data)\n"
        for e in model.events
    )
    return (
        "/** The payload of an event. */\npublic sealed interface EventData {\n"
        "    /** One of a kind, or in a version, that only a newer server knows. */\n"
        "    public data class Unknown(public val json: JsonObject) : EventData\n}\n\n"
        "/** What the event says. */\npublic fun Event.payload(): EventData =\n    when {\n"
        f"{rows}        else -> EventData.Unknown(data)\n    }}\n"
    )
