"""What Kotlin calls things: types, properties, literals."""

from __future__ import annotations

from tools.generate import model as m
from tools.generate.layout import quoted
from tools.generate.text import pascal, upper

PACKAGE = "athena.protocol"

SCALARS = {"string": "String", "integer": "Long", "number": "Double", "boolean": "Boolean"}

KEYWORDS = frozenset(
    (
        *("as", "break", "class", "continue", "do", "else", "false", "for", "fun", "if", "in"),
        *("interface", "is", "null", "object", "package", "return", "super", "this", "throw"),
        *("true", "try", "typealias", "typeof", "val", "var", "when", "while"),
    )
)


def text(value: str) -> str:
    """A string literal."""
    return quoted(value).replace("$", "\\$")


def property_name(name: str) -> str:
    """A property, in backticks where it is a word of the language."""
    return f"`{name}`" if name in KEYWORDS else name


def is_any(kind: m.Type) -> bool:
    """Whether it is any JSON at all."""
    return kind == m.Scalar("any")


def type_name(kind: m.Type, field: str) -> str:
    """The type; `field` names the enum class of a choice that has no name of its own."""
    match kind:
        case m.Scalar("any"):
            return "JsonElement"
        case m.Scalar(name):
            return SCALARS[name]
        case m.Constants():
            return pascal(field)
        case m.Ref(name):
            return name
        case m.ListOf(item):
            return f"List<{type_name(item, field)}>"
        case m.MapOf(value):
            return "JsonObject" if is_any(value) else f"Map<String, {type_name(value, field)}>"
        case m.AnyOf():
            return "JsonPrimitive"


def default(model: m.Model, field: m.Field) -> str:
    """The literal of a field's default."""
    match field.type, field.default:
        case m.Constants(), str(value):
            return f"{pascal(field.name)}.{upper(value)}"
        case m.Ref(name), str(value):
            return f"{name}.{upper(value)}"
        case m.Ref(name), value if value == _defaults(model, name):
            return f"{name}()"
        case m.ListOf(), []:
            return "emptyList()"
        case m.MapOf(value), {}:
            return "JsonObject()" if is_any(value) else "emptyMap()"
        case _, bool(value):
            return "true" if value else "false"
        case m.Scalar("number"), int(value) | float(value):
            return repr(float(value))
        case _, int(value):
            return str(value)
        case _, str(value):
            return text(value)
        case _:
            raise NotImplementedError(f"the default {field.default!r} of {field.name} in Kotlin")


def _defaults(model: m.Model, name: str) -> dict[str, object]:
    """The object of which nothing is said."""
    named = model.types[name]
    fields = named.fields if isinstance(named, m.Structure) else ()
    return {field.name: field.default for field in fields if field.default is not None}
