"""The one table of user commands: what every client offers, and the command line as well.

VS Code's palette, `:Athena`, JetBrains' actions and LSP's `workspace/executeCommand` are made from
it. Most commands call one method; a command without a method opens something in the client. Every
method that acts has a command.
"""

from __future__ import annotations

from athena.protocol.command import Command
from athena.protocol.commands.agent import AGENT_COMMANDS
from athena.protocol.commands.request import REQUEST_COMMANDS
from athena.protocol.commands.review import REVIEW_COMMANDS
from athena.protocol.commands.session import SESSION_COMMANDS
from athena.protocol.commands.system import SYSTEM_COMMANDS
from athena.protocol.commands.workspace import WORKSPACE_COMMANDS

COMMANDS: tuple[Command, ...] = (
    *AGENT_COMMANDS,
    *REQUEST_COMMANDS,
    *REVIEW_COMMANDS,
    *WORKSPACE_COMMANDS,
    *SESSION_COMMANDS,
    *SYSTEM_COMMANDS,
)
