"""What a run directory keeps beside the frames: output as a terminal shows it, stderr, input."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from athena.runner import layout
from athena.runner.shapes import Malformed, integer, parse

HEADER_BYTES = 64


class Output(NamedTuple):
    """The end of an output; `truncated` if there was more before it."""

    data: bytes
    truncated: bool


def output_tail(run_dir: Path, most: int) -> Output:
    """The last `most` bytes of what a run said. Cut at a character, as ACP's terminals ask."""
    try:
        with open(run_dir / layout.OUT, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - most))
            data = file.read(most)
    except FileNotFoundError:
        return Output(b"", truncated=False)
    if size <= most:
        return Output(data, truncated=False)
    # A UTF-8 character has at most three continuation bytes (10xxxxxx).
    skip = next((i for i in range(min(4, len(data))) if data[i] & 0xC0 != 0x80), 0)
    return Output(data[skip:], truncated=True)


def errors_said(run_dir: Path, most: int) -> Output:
    """The last `most` bytes of what is kept of a run's stderr."""
    names = (layout.ERR, layout.ERR_TAIL_OLD, layout.ERR_TAIL)
    paths = [run_dir / name for name in names]
    data = b"".join(path.read_bytes() for path in paths if path.exists())
    return Output(data[-most:] if most else b"", len(data) > most)


def frames_sent(run_dir: Path) -> Iterator[tuple[int, bytes]]:
    """Every numbered frame that the harness was given, in order, without its newline."""
    for number, length, file in _walk(run_dir):
        yield number, file.read(length)


def last_frame(run_dir: Path) -> int:
    """Number of the last whole frame in `in.spool`; 0 if there is none."""
    last = 0
    for number, _, _ in _walk(run_dir):
        last = number
    return last


def _walk(run_dir: Path) -> Iterator[tuple[int, int, BinaryIO]]:
    """Number and length of each whole frame, and the file, standing at its payload."""
    path = run_dir / layout.IN
    if not path.exists():
        return
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        while header := file.readline(HEADER_BYTES):
            try:
                document = parse(header)
                number, length = integer(document, "n"), integer(document, "len")
            except Malformed:
                return  # the runner died within the header
            end = file.tell() + length + 1
            if end > size:
                return
            yield number, length, file
            file.seek(end)
