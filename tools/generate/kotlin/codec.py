"""How Kotlin reads and writes the JSON of each type.

Gson's reflection would leave out Kotlin's defaults, put null where none may be, and, as LSP4J sets
it up, write enums as numbers. So what Athena tells has a reader, and what clients give a writer.
"""

from __future__ import annotations

from tools.generate import model as m
from tools.generate.kotlin.language import default, is_any, property_name, text
from tools.generate.layout import WIDTH
from tools.generate.text import pascal

AS_THEY_ARE = (m.Scalar("any"), m.MapOf(m.Scalar("any")))
GETTERS = {
    "string": "asString",
    "integer": "asLong",
    "number": "asDouble",
    "boolean": "asBoolean",
}

HELPERS = """\
internal abstract class Reader<T>(private val read: (JsonElement) -> T) : JsonDeserializer<T> {
    override fun deserialize(
        json: JsonElement,
        type: Type,
        context: JsonDeserializationContext,
    ): T = read(json)
}

internal abstract class Writer<T>(private val write: (T) -> JsonElement) : JsonSerializer<T> {
    override fun serialize(value: T, type: Type, context: JsonSerializationContext): JsonElement =
        write(value)
}

private fun JsonObject.given(name: String): JsonElement? = get(name)?.takeUnless { it.isJsonNull }

private fun JsonObject.needed(name: String): JsonElement =
    given(name) ?: throw JsonParseException("`$name` is missing")

private fun <T> JsonElement.members(read: (JsonElement) -> T): Map<String, T> =
    asJsonObject.entrySet().associate { it.key to read(it.value) }

private fun JsonObject.put(name: String, value: JsonElement?) {
    if (value != null) add(name, value)
}

private fun <T> List<T>.array(write: (T) -> JsonElement): JsonArray =
    JsonArray().also { array -> forEach { array.add(write(it)) } }

private fun <T> Map<String, T>.members(write: (T) -> JsonElement): JsonObject =
    JsonObject().also { o -> forEach { (name, value) -> o.add(name, write(value)) } }
"""


def adapter(model: m.Model, structure: m.Structure) -> str:
    """The supertype of the adapter, where Gson meets the type first and not inside another one."""
    name = structure.name
    if any(o.params == name for o in model.operations) and structure.fields:
        return f"Writer<{name}>({{ it.json() }})"
    if any(o.result == name for o in model.operations) or any(
        s.params == name for s in model.signals
    ):
        return f"Reader<{name}>({{ {'from(it)' if structure.fields else name} }})"
    return ""


READER = """\
    public companion object {{
        internal fun from(json: JsonElement): {name} =
            json.asJsonObject.let {{ o ->
                {name}(
{rows}                )
            }}
    }}
"""


def reader(model: m.Model, name: str, fields: list[m.Field]) -> str:
    """`from`, which makes the object of its JSON."""
    if not fields:
        return (
            f"    internal fun from(json: JsonElement): {name} = json.asJsonObject.let {{ this }}\n"
        )
    rows = "".join(_row(property_name(f.name), _read_field(model, f)) for f in fields)
    return READER.format(name=name, rows=rows)


def writer(model: m.Model, structure: m.Structure) -> str:
    """`json`, which makes the JSON of the object."""
    rows = "".join(
        f"            o.put({text(field.name)}, {_write_field(model, field)})\n"
        for field in structure.fields
    )
    return (
        "    internal fun json(): JsonObject =\n"
        f"        JsonObject().also {{ o ->\n{rows}        }}\n"
    )


def _write_field(model: m.Model, field: m.Field) -> str:
    name = f"this.{property_name(field.name)}"
    if field.is_tag or not field.nullable or field.type in AS_THEY_ARE:
        return _write(model, field.type, name) if not field.is_tag else f"JsonPrimitive({name})"
    return f"{name}?.let {{ {_write(model, field.type, 'it')} }}"


def _write(model: m.Model, kind: m.Type, value: str) -> str:
    match kind:
        case m.Scalar("any") | m.AnyOf() | m.MapOf(m.Scalar("any")):
            return value
        case m.Scalar():
            return f"JsonPrimitive({value})"
        case m.Constants():
            return f"JsonPrimitive({value}.wire)"
        case m.Ref(name) if isinstance(model.types[name], m.Enumeration):
            return f"JsonPrimitive({value}.wire)"
        case m.Ref():
            return f"{value}.json()"
        case m.ListOf(item):
            return f"{value}.array {{ {_write(model, item, 'it')} }}"
        case m.MapOf(item):
            return f"{value}.members {{ {_write(model, item, 'it')} }}"


def _row(name: str, value: str) -> str:
    pad = " " * 20
    line = f"{pad}{name} = {value},\n"
    if len(line) <= WIDTH + 1:
        return line
    return f"{pad}{name} =\n{pad}    {value},\n"


def _read_field(model: m.Model, field: m.Field) -> str:
    if field.required and not field.nullable:
        return _read(field.type, field.name, f"o.needed({text(field.name)})")
    found = f"o.given({text(field.name)})"
    if not is_any(field.type):
        found += f"?.let {{ {_read(field.type, field.name, 'it')} }}"
    if field.default is None:
        return found
    space = " " if len(found) < 60 else f"\n{' ' * 28}"
    return f"{found}{space}?: {default(model, field)}"


def _read(kind: m.Type, field: str, json: str) -> str:
    match kind:
        case m.Scalar("any"):
            return json
        case m.Scalar(name):
            return f"{json}.{GETTERS[name]}"
        case m.Constants():
            return f"{pascal(field)}.from({json})"
        case m.Ref(name):
            return f"{name}.from({json})"
        case m.ListOf(item):
            return f"{json}.asJsonArray.map {{ {_read(item, field, 'it')} }}"
        case m.MapOf(value) if is_any(value):
            return f"{json}.asJsonObject"
        case m.MapOf(value):
            return f"{json}.members {{ {_read(value, field, 'it')} }}"
        case m.AnyOf():
            return f"{json}.asJsonPrimitive"
