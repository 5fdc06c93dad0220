"""The first words of a text in Markdown: what a thing is called that has no other name."""

from __future__ import annotations

import re
from collections.abc import Iterator

FENCE = re.compile(r"(?P<mark>`{3,}|~{3,})(?P<info>.*)")
MARKS = re.compile(r"(?:(?:>|#{1,6}\s|[-*+]\s|\d{1,9}[.)]\s|\[[ xX]\]\s)\s*)*")


def heading(text: str) -> str:
    """The first line with words, without the marks of headings, lists and quotes.

    Lines of a code block count only where there are no others. Empty where there are no words.
    """
    inside = ""
    for line, is_code in _lines(text):
        words = line if is_code else _without_marks(line)
        if not any(letter.isalnum() for letter in words):
            continue
        if not is_code:
            return words
        inside = inside or words
    return inside


def _without_marks(line: str) -> str:
    marks = MARKS.match(line)
    assert marks is not None
    words = line[marks.end() :]
    bare = words.rstrip("#")
    return bare.rstrip() if "#" in marks[0] and bare[-1:].isspace() else words


def _lines(text: str) -> Iterator[tuple[str, bool]]:
    """The lines but those of fences, and whether each is code."""
    fence = ""
    for line in map(str.strip, text.splitlines()):
        found = FENCE.fullmatch(line)
        if fence:
            if found and found["mark"].startswith(fence) and not found["info"].strip():
                fence = ""
            else:
                yield line, True
        elif found and "`" not in found["info"]:
            fence = found["mark"]
        else:
            yield line, False
