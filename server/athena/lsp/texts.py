"""The documents that are open in an editor, and the places in them.

pygls keeps them. What it gets wrong (in 2.1.1) is replaced, because

- it takes form feeds and everything else of `str.splitlines` for line ends, so that lines count
  otherwise than in the editor and in git;
- it reads files that are not open without their carriage returns;
- it loses a part of the last line when a place is beyond it;
- it keeps addresses unquoted, so what is asked for by the client's own address is not found.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import cast

from lsprotocol import types as t
from pygls.workspace import PositionCodec, ServerTextPosition, TextDocument, Workspace

from athena.lsp.places import path_of


class Units(PositionCodec):
    """Places in the client's units, of which a line has those before its end (LSP, `Position`)."""

    def position_from_client_units(
        self, lines: Sequence[str], position: t.Position
    ) -> ServerTextPosition:
        """The place in characters; beyond a line or the text, its end."""
        if position.line >= len(lines):
            return ServerTextPosition(max(0, len(lines) - 1), len(lines[-1]) if lines else 0)
        line = lines[position.line].removesuffix("\n").removesuffix("\r")
        if line.isascii():
            return ServerTextPosition(position.line, min(position.character, len(line)))
        units = at = 0
        for at, character in enumerate(line):
            if units >= position.character:
                return ServerTextPosition(position.line, at)
            units += self.impl.code_units_for_char(character)
        return ServerTextPosition(position.line, len(line))


class Text(TextDocument):
    """A document as the client has it; as the disk has it where the client has it not open."""

    _source: str | None
    _split: tuple[str, tuple[str, ...]] | None = None

    @cached_property
    def file(self) -> Path | None:
        """The real file that it is, as it was when it was first asked for; None if it is none."""
        return path_of(self.uri)

    @property
    def source(self) -> str:
        """The text. Raises `OSError` when it is neither open nor on disk."""
        if self._source is not None:
            return self._source
        if self.file is None:
            raise FileNotFoundError(self.uri)
        return self.file.read_bytes().decode("utf-8", "surrogateescape")

    @property
    def lines(self) -> Sequence[str]:
        """The lines with their ends. Only a line feed ends one, as in editors and in git."""
        source = self.source
        if self._split is None or self._split[0] is not source:
            parts = source.split("\n")
            ended = [f"{line}\n" for line in parts[:-1]]
            self._split = (source, (*ended, parts[-1]) if parts[-1] else tuple(ended))
        return self._split[1]

    def _apply_incremental_change(self, change: t.TextDocumentContentChangePartial) -> None:
        lines = self.lines
        place = self.position_codec.range_from_client_units(lines, change.range)
        first, last = place.start, place.end
        before = lines[first.line][: first.character] if lines else ""
        after = lines[last.line][last.character :] if lines else ""
        self._source = "".join(
            [*lines[: first.line], before, change.text, after, *lines[last.line + 1 :]]
        )


class Texts(Workspace):
    """The documents and folders of one client, found by the client's addresses or by path."""

    def __init__(self, root: str | None, folders: Sequence[t.WorkspaceFolder], units: str) -> None:
        super().__init__(root, t.TextDocumentSyncKind.Incremental, folders, units)
        self._position_codec = Units(units)

    def opened(self, uri: str) -> TextDocument | None:
        """The document, if the client has it open; however it writes the address."""
        found = self.get_text_document(uri)
        return found if found in self._text_documents.values() else None

    def at(self, path: Path) -> TextDocument | None:
        """The open document of a file (a real path)."""
        known = cast("dict[str, Text]", self._text_documents)
        return next((text for text in known.values() if text.file == path), None)

    def roots(self) -> list[Path]:
        """The folders as the client writes them, else its root."""
        given = [f.uri for f in self.folders.values()]
        uris = given or ([self.root_uri] if self.root_uri else [])
        return [path for uri in uris if (path := path_of(uri, real=False))]

    def _create_text_document(
        self,
        doc_uri: str,
        source: str | None = None,
        version: int | None = None,
        language_id: str | None = None,
    ) -> TextDocument:
        return Text(
            doc_uri,
            source=source,
            version=version,
            language_id=language_id,
            sync_kind=self._sync_kind,
            position_codec=self._position_codec,
        )
