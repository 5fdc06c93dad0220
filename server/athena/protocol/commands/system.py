"""Commands on Athena itself: what is installed, the daemon, the log."""

from __future__ import annotations

from athena.protocol.command import Argument, Command, Source

SYSTEM_COMMANDS: tuple[Command, ...] = (
    Command(
        id="athena.harness.list",
        word="harnesses",
        verb="harness list",
        title="Show Harnesses",
        method="athena/harness/list",
        icon="server-process",
        about="Show the harnesses known here, and how to install those that are missing.",
    ),
    Command(
        id="athena.archetype.list",
        word="archetypes",
        verb="archetype list",
        title="Show Archetypes",
        method="athena/archetype/list",
        icon="organization",
        about="Show the kinds of agents that the settings define.",
    ),
    Command(
        id="athena.system.info",
        word="info",
        verb="daemon status",
        title="Show Daemon",
        method="athena/system/info",
        icon="info",
        about="Show the daemon's version, its state directory and the state of the log.",
    ),
    Command(
        id="athena.system.metrics",
        word="metrics",
        title="Show Metrics",
        method="athena/system/metrics",
        icon="pulse",
    ),
    Command(
        id="athena.system.doctor",
        word="doctor",
        verb="doctor",
        title="Check Set-up",
        method=None,
        icon="checklist",
        about="Say what is missing here and how to get it (`athena doctor`).",
    ),
    Command(
        id="athena.log.export",
        word="export",
        verb="export",
        title="Export Log",
        method="athena/log/export",
        arguments=(Argument("path", Source.FILE, "File", required=True),),
        icon="export",
    ),
    Command(
        id="athena.log.verify",
        word="verify",
        verb="db verify",
        title="Verify Log",
        method="athena/log/verify",
        icon="verified",
    ),
    Command(
        id="athena.log.backup",
        word="backup",
        verb="db backup",
        title="Back Up Log",
        method="athena/log/backup",
        icon="save",
    ),
)
