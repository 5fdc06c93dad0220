"""Long texts leave their event and come back exactly; whatever JSON carries comes back."""

from __future__ import annotations

import hashlib
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from athena.log import BlobNotFound, EventLog, NewEvent, with_heads
from athena.log.encoding import BLOB_LIMIT_BYTES, blob_ids, decode, encode
from tests.log.samples import note

LONG = "a line of output\n" * 4000

keys = st.sampled_from(["a", "size", "head", "$blob", "$$blob", "$$$blob", "blob", "$"]) | st.text()
texts = st.text(st.characters(), max_size=20) | st.integers(1, 5).map(
    lambda n: "é" * (BLOB_LIMIT_BYTES // 2 + n - 3)
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
    | st.just("half a pair \ud800 ")
    | st.just("\udfff" * 9000),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(keys, values, max_size=4))
def test_data_comes_back_as_it_was(data: dict[str, object]) -> None:
    blobs: dict[str, bytes] = {}
    text = encode(data, blobs)
    text.encode()
    assert decode(text, blobs.__getitem__) == data
    assert set(blob_ids(text)) == set(blobs)
    assert all(len(payload) > BLOB_LIMIT_BYTES for payload in blobs.values())


async def test_a_long_text_is_a_marker_until_asked_for(log: EventLog) -> None:
    await log.append("a", [NewEvent("said", {"item": {"text": LONG, "lines": [LONG, "short"]}})])

    (small,) = await log.read()
    item = cast("dict[str, object]", small.data["item"])
    marker = {
        "$blob": hashlib.sha256(LONG.encode()).hexdigest(),
        "size": len(LONG),
        "head": LONG[:512],
    }
    assert item == {"text": marker, "lines": [marker, "short"]}

    for (whole,) in (
        await log.read(blobs=True),
        await log.read_stream("a", blobs=True),
        await log.read_stream_back("a", blobs=True),
    ):
        assert whole.data == {"item": {"text": LONG, "lines": [LONG, "short"]}}
    assert await log.get_blob(str(marker["$blob"])) == LONG.encode()
    assert with_heads(small.data) == {
        "item": {"text": LONG[:512] + "…", "lines": [LONG[:512] + "…", "short"]}
    }


async def test_the_limit_counts_bytes(log: EventLog) -> None:
    fits, over = "é" * (BLOB_LIMIT_BYTES // 2), "é" * (BLOB_LIMIT_BYTES // 2) + "x"
    await log.append("a", [note(fits), note(over)])
    first, second = await log.read()
    assert first.data == {"text": fits}
    assert isinstance(second.data["text"], dict)


async def test_the_same_payload_is_kept_once(log: EventLog) -> None:
    await log.append("a", [note(LONG), note(LONG)])
    await log.append("b", [note(LONG)])
    assert await log.put_blob(LONG.encode()) == hashlib.sha256(LONG.encode()).hexdigest()
    report = await log.verify()
    assert (report.blobs, report.ok) == (1, True)


async def test_blobs_hold_any_bytes(log: EventLog) -> None:
    data = bytes(range(256)) * 100
    assert await log.get_blob(await log.put_blob(data)) == data
    assert await log.get_blob(await log.put_blob(b"")) == b""
    with pytest.raises(BlobNotFound):
        await log.get_blob("0" * 64)


async def test_a_marker_of_the_users_own_reaches_no_blob(log: EventLog) -> None:
    """Text that an agent made up must not fetch somebody else's payload."""
    secret = await log.put_blob(b"secret" * 9999)
    await log.append("a", [NewEvent("said", {"raw": {"$blob": secret, "size": 3}})])
    assert (await log.read(blobs=True))[0].data == {"raw": {"$blob": secret, "size": 3}}
    assert (await log.read())[0].data == {"raw": {"$$blob": secret, "size": 3}}


async def test_restored_texts_do_not_fill_the_memory(log: EventLog) -> None:
    for n in range(10):
        await log.append("a", [note(str(n) * (10 << 20))])
    page = await log.read(blobs=True)
    assert 0 < len(page) < 10
    rest = await log.read(page[-1].seq, blobs=True)
    assert [str(e.data["text"])[0] for e in page + rest] == [*"0123456789"]
