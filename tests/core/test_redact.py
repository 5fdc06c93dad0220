"""Taking secrets out of texts: which, and in what time."""

from __future__ import annotations

import time

import pytest

from athena.core.redact import redacted


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("export OPENAI_API_KEY=sk-proj-abcdefghijklmnop1234", "export OPENAI_API_KEY=[redacted]"),
        ("use sk-ant-api03-abcdefghij_klmnop-qrstu ok", "use [redacted] ok"),
        ("ghp_abcdefghijklmnopqrstuvwxyz012345", "[redacted]"),
        ("key AKIAIOSFODNN7EXAMPLE end", "key [redacted] end"),
        ("a eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl b", "a [redacted] b"),
        ("postgres://me:s3cret@db/x", "postgres://me:[redacted]@db/x"),
        ("x-my.db-password-file: hunter22", "x-my.db-password-file: [redacted]"),
        (
            "curl -H 'Authorization: Bearer abc.def-ghi123'",
            "curl -H 'Authorization: Bearer [redacted]'",
        ),
        ('{"password": "hunter22"}', '{"password": "[redacted]"}'),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nafter",
            "[redacted]\nafter",
        ),
        (
            "The token count is 1200, and src/token.py is fine.",
            "The token count is 1200, and src/token.py is fine.",
        ),
        ("task-force-of-seventeen-people", "task-force-of-seventeen-people"),
    ],
)
def test_secrets_are_taken_out_and_nothing_else(text: str, clean: str) -> None:
    assert redacted(text) == clean


@pytest.mark.parametrize("unit", ["a-", "sk-", "eyJ-", "token", "secret-", "x://a:", "QUJD-_"])
def test_a_long_text_without_a_space_holds_nobody_up(unit: str) -> None:
    """All clients wait meanwhile, so the time may only grow with the length."""
    begun = time.process_time()
    redacted(unit * (60_000 // len(unit)))
    assert time.process_time() - begun < 3
