"""Groups of commands: alone they show what there is, and a typing error has a suggestion."""

from __future__ import annotations

from collections.abc import Iterable

import click

WHOLE = 500
"""Characters of a sentence in a list of commands."""


def meant(typed: str, known: Iterable[str]) -> str:
    """A sentence, after a blank, that says what was probably meant; empty when nothing is near."""
    from difflib import get_close_matches

    close = get_close_matches(typed, list(known), n=3)
    return f" Did you mean {' or '.join(map(repr, close))}?" if close else ""


class Suggesting(click.Group):
    """A group that knows what was probably meant."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Show the help when nothing is said: that is no mistake, and no error."""
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help())
            ctx.exit()
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands, each with its whole first sentence."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, one.get_short_help_str(WHOLE)) for name, one in found if one is not None]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is named; `click.UsageError` with those that are like it."""
        name = args[0]
        known = self.list_commands(ctx)
        if name not in known and not name.startswith("-") and not ctx.resilient_parsing:
            ctx.fail(f"No such command {name!r}.{meant(name, known)}")
        return super().resolve_command(ctx, args)
