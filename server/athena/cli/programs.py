"""Verbs that turn this process into a program for other programs."""

from __future__ import annotations

import click

PASSED_ON = {"ignore_unknown_options": True}


@click.command("lsp", context_settings=PASSED_ON)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def lsp(arguments: tuple[str, ...]) -> None:
    """Be a language server on stdio: what an editor is told to start."""
    from athena.relay.main import run

    raise SystemExit(run("lsp", list(arguments)))


@click.command("headless", context_settings=PASSED_ON)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def headless(arguments: tuple[str, ...]) -> None:
    """Speak newline-delimited JSON-RPC 2.0 on stdio, with the methods of docs/protocol.md.

    `--name NAME` says who is there: what this program does is recorded in that name.
    """
    from athena.relay.main import run

    raise SystemExit(run("headless", list(arguments)))


@click.command("scripted", context_settings=PASSED_ON)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def scripted(arguments: tuple[str, ...]) -> None:
    """Be the scripted harness: an ACP agent that plays a scenario."""
    from athena.scripted.__main__ import main

    raise SystemExit(main(list(arguments)))
