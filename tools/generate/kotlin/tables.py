"""`Services.gen.kt` and `Commands.gen.kt`: the methods for LSP4J, and the user commands."""

from __future__ import annotations

from athena.protocol.command import OFFERS, Command, Source, When
from tools.generate import MARK
from tools.generate import model as m
from tools.generate.commands import choices
from tools.generate.kotlin.language import PACKAGE, text
from tools.generate.layout import WIDTH
from tools.generate.text import block_comment, pascal, upper

SERVICES = f"""\
// {MARK}
package {PACKAGE}

import java.util.concurrent.CompletableFuture
import org.eclipse.lsp4j.jsonrpc.services.JsonNotification
import org.eclipse.lsp4j.jsonrpc.services.JsonRequest
"""

COMMANDS = f"""\
// {MARK}
@file:JvmName("Commands")

package {PACKAGE}

/**
 * An argument of a command: [name] is a parameter of its method, [title] the label in a dialog. One
 * with [insteadOf] is never asked for; where it is given, the other is not asked for either.
 */
public data class Argument(
    public val name: String,
    public val title: String,
    public val source: Source,
    public val required: Boolean = false,
    public val insteadOf: String? = null,
    public val choices: List<String> = emptyList(),
)

/** The agents for which a command makes sense; what is null or empty does not matter. */
public data class When(
    public val statuses: Set<Status> = emptySet(),
    public val running: Boolean? = null,
    public val archived: Boolean? = null,
)

/**
 * A user command. Without a [method] the client opens something itself. [word] is its name where
 * commands are typed, [icon] a codicon, [key] the letter after the client's own prefix. [preset]
 * are parameters that are always sent. A [destructive] command asks first. Without [context] it
 * needs no agent.
 */
public data class Command(
    public val id: String,
    public val word: String,
    public val title: String,
    public val category: String,
    public val summary: String,
    public val icon: String,
    public val method: String? = null,
    public val key: String? = null,
    public val destructive: Boolean = false,
    public val arguments: List<Argument> = emptyList(),
    public val preset: Map<String, Any> = emptyMap(),
    public val context: When? = null,
)
"""


def render_services(model: m.Model) -> str:
    """Interfaces that a client's own ones extend beside `LanguageServer` and `LanguageClient`."""
    requests = "\n".join(
        block_comment(o.summary, "    ")
        + f"    @JsonRequest({text(o.name)})\n"
        + f"    public fun {_function(o.name)}({_params(model, o.params)}): "
        + f"CompletableFuture<{o.result}>\n"
        for o in model.operations
    )
    notifications = "\n".join(
        block_comment(s.summary, "    ")
        + f"    @JsonNotification({text(s.name)})\n"
        + f"    public fun {_function(s.name)}({_params(model, s.params)})\n"
        for s in model.signals
    )
    errors = "\n".join(
        block_comment(f.text, "    ") + f"    public const val {f.name}: Int = {f.code}\n"
        for f in model.faults
    )
    return "\n".join(
        (
            SERVICES,
            f"/** What a client may ask. */\npublic interface AthenaServer {{\n{requests}}}\n",
            f"/** What Athena tells by itself. */\npublic interface AthenaClient {{\n"
            f"{notifications}}}\n",
            f"/** Error codes. */\npublic object ErrorCode {{\n{errors}}}\n",
        )
    )


def _function(method: str) -> str:
    _, noun, verb = method.split("/")
    return noun + pascal(verb)


def _params(model: m.Model, name: str) -> str:
    return f"params: {name}" if model.structure(name).fields else ""


def render_commands(model: m.Model) -> str:
    """The table of commands."""
    sources = "\n".join(f"    /** {OFFERS[s]} */\n    {upper(s.value)},\n" for s in Source)
    rows = "".join(_command(model, command) for command in model.commands)
    return "\n".join(
        (
            COMMANDS,
            "/** What a client offers for an argument, and takes its value from. */\n"
            f"public enum class Source {{\n{sources}}}\n",
            f"public val COMMANDS: List<Command> =\n    listOf(\n{rows}    )\n",
        )
    )


def _command(model: m.Model, command: Command) -> str:
    given = {
        "id": text(command.id),
        "word": text(command.word),
        "title": text(command.title),
        "category": text(command.category),
        "summary": text(command.summary),
        "icon": text(command.icon),
    }
    if command.method:
        given["method"] = text(command.method)
    if command.key:
        given["key"] = text(command.key)
    if command.destructive:
        given["destructive"] = "true"
    if command.arguments:
        given["arguments"] = _arguments(model, command)
    if command.preset:
        pairs = (f"{text(name)} to {_value(value)}" for name, value in command.preset.items())
        given["preset"] = f"mapOf({', '.join(pairs)})"
    if command.when is not None:
        given["context"] = _when(command.when)
    rows = "".join(f"            {name} = {value},\n" for name, value in given.items())
    return f"        Command(\n{rows}        ),\n"


def _arguments(model: m.Model, command: Command) -> str:
    rows: list[str] = []
    for a in command.arguments:
        parts = [text(a.name), text(a.title), f"Source.{upper(a.source.value)}"]
        if a.required:
            parts.append("required = true")
        if a.instead_of:
            parts.append(f"insteadOf = {text(a.instead_of)}")
        if values := choices(model, command, a):
            parts.append(f"choices = listOf({', '.join(map(text, values))})")
        rows.append(_call("Argument", parts, 16))
    return _call("listOf", rows, 12, apart=True)


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return text(value)
        case _:
            raise NotImplementedError(f"the preset {value!r} in Kotlin")


def _when(when: When) -> str:
    parts: list[str] = []
    if when.statuses:
        names = [f"Status.{upper(status.value)}" for status in when.statuses]
        parts.append(f"statuses = {_call('setOf', names, 16)}")
    if when.running is not None:
        parts.append(f"running = {_value(when.running)}")
    if when.archived is not None:
        parts.append(f"archived = {_value(when.archived)}")
    return _call("When", parts, 12)


def _call(function: str, arguments: list[str], indent: int, apart: bool = False) -> str:
    """A call on one line if it fits after some name, else with a line for each argument."""
    line = f"{function}({', '.join(arguments)})"
    if "\n" not in line and not apart and indent + len(line) < WIDTH - 20:
        return line
    pad = " " * indent
    rows = "".join(f"{pad}    {argument},\n" for argument in arguments)
    return f"{function}(\n{rows}{pad})"
