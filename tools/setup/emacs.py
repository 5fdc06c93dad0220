"""A current Emacs with eglot, from a newer Debian suite."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tools.setup.debian import SuiteTool
from tools.setup.errors import SetupError
from tools.setup.tool import script


@dataclass(frozen=True, kw_only=True)
class EmacsTool(SuiteTool):
    """Emacs looks for its Lisp and its memory image where it was built to be; a script tells it."""

    program: str = "bin/emacs"
    packages: tuple[str, ...] = ("emacs-nox",)
    binaries: tuple[str, ...] = ("usr/bin/emacs-nox",)

    def install(self, prefix: Path) -> None:
        """Unpack Emacs and write the script that starts it from there."""
        super().install(prefix)
        image = next(prefix.glob("usr/libexec/emacs/*/*/emacs-*.pdmp"), None)
        share = next(prefix.glob("usr/share/emacs/[0-9]*"), None)
        if image is None or share is None:
            raise SetupError("emacs-nox has no memory image or no Lisp where they are expected")
        script(
            prefix,
            self.program,
            f'export EMACSLOADPATH="{share}/lisp" EMACSDATA="{share}/etc" EMACSDOC="{share}/etc"\n'
            f'export EMACSPATH="{image.parent}"\n'
            f'exec "{prefix}/usr/bin/emacs-nox" --dump-file="{image}" "$@"',
        )
