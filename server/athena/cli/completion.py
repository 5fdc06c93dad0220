"""`athena completion`: what to put into a shell's start-up file."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from athena.cli.output import Failure, json_option, tell_json

HOW: dict[str, str] = {
    "bash": 'eval "$(athena completion bash)"    # in ~/.bashrc',
    "zsh": 'eval "$(athena completion zsh)"    # in ~/.zshrc',
    "fish": "athena completion fish > ~/.config/fish/completions/athena.fish",
}


@click.command("completion")
@click.argument("shell", metavar="SHELL", type=click.Choice(sorted(HOW)))
@json_option
def completion(shell: str, as_json: bool) -> None:
    """Print the completion script of SHELL. What to do with it:

    \b
    bash: eval "$(athena completion bash)"    in ~/.bashrc
    zsh:  eval "$(athena completion zsh)"     in ~/.zshrc, behind compinit
    fish: athena completion fish > ~/.config/fish/completions/athena.fish
    """
    from athena.cli.app import app

    found = get_completion_class(shell)
    if found is None:
        raise Failure(f"There is no completion for {shell}.")
    script = found(app, {}, "athena", "_ATHENA_COMPLETE").source()
    if as_json:
        tell_json({"shell": shell, "script": script, "use": HOW[shell]})
    else:
        click.echo(script)
