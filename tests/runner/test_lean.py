"""What a runner has of the standard library's lower half is what the upper half does."""

from __future__ import annotations

import json
import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from athena.runner import lean

DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(DOCUMENTS)
def test_documents_are_written_and_read_as_by_the_library(document: object) -> None:
    assert lean.dumps(document) == json.dumps(document).encode()
    assert lean.loads(json.dumps(document, ensure_ascii=False, indent=1).encode()) == document


@pytest.mark.parametrize(
    "text", [b"", b" ", b"{", b'{"a"}', b"[1,]", b"{} {}", b"nul", b"\xff", b'"\n"', b"\0", b"'a'"]
)
def test_what_is_no_json_is_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError):
        lean.loads(text)


def test_what_json_does_not_know_is_not_written() -> None:
    with pytest.raises(TypeError, match="not written in JSON"):
        lean.dumps({"a": b"bytes"})


def test_signals_have_their_names() -> None:
    known = {one.name: int(one) for one in signal.Signals}
    assert known.items() <= lean.SIGNALS.items()
    assert all(lean.signal_name(one) == one.name for one in signal.Signals)
    assert lean.signal_name(40) == "SIG40"
