"""What a text is called by: its first words, whatever marks are around them."""

from __future__ import annotations

import time

import pytest

from athena.core.heading import heading


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fix the parser", "Fix the parser"),
        ("\n \n  Fix the parser \r\nand more", "Fix the parser"),
        ("```scenario\nsay Hello.\n```", "say Hello."),
        ("```scenario\n\n  say Hello.", "say Hello."),
        ("```python\ndef f(): ...\n```\nExplain this.", "Explain this."),
        ("~~~\n```\ncode\n```\n~~~\nwords", "words"),
        ("````\n```\n````\nwords", "words"),
        ("```\n~~~\n``` not the end\n```\nwords", "words"),
        ("```all of it``` is code", "```all of it``` is code"),
        ("# Fix it", "Fix it"),
        ("## Fix it ##", "Fix it"),
        ("Learn C #", "Learn C #"),
        ("# Learn C#", "Learn C#"),
        ("#42 is broken", "#42 is broken"),
        ("C# is broken", "C# is broken"),
        ("- one\n- two", "one"),
        ("* [ ] do it", "do it"),
        ("+ [x] done", "done"),
        ("1. one", "one"),
        ("12) twelve", "twelve"),
        ("1.5 times as fast", "1.5 times as fast"),
        ("-v is not known", "-v is not known"),
        ("**Now** fix it", "**Now** fix it"),
        (">quoted", "quoted"),
        ("> > - # all of it", "all of it"),
        ("---\n***\n===\n> \n-\nwords", "words"),
        ("/review the diff", "/review the diff"),
        ("修复解析器", "修复解析器"),
        ("", ""),
        ("```scenario", ""),
        ("```\n```\n---\n…", ""),
    ],
)
def test_first_words(text: str, expected: str) -> None:
    assert heading(text) == expected


def test_marks_without_end_take_no_time() -> None:
    begun = time.process_time()
    found = heading(
        "> - # " * 100_000 + "\n" + "# #" + " " * 100_000 + "-\n# words" + " #" * 100_000
    )
    assert time.process_time() - begun < 1
    assert found.startswith("words #")
