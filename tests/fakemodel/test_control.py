"""Gates, hang-ups, cuts and the record of requests."""

from __future__ import annotations

import http.client
import json
import urllib.error

import pytest

from tests.fakemodel.peers import post
from tests.support.fakemodel import FakeModel
from tests.support.fakemodel.script import Gate, Say
from tests.support.wait import until_sync


def begin(model: FakeModel, prompt: str) -> http.client.HTTPConnection:
    """A streaming request whose answer has not been read."""
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": prompt}]}
    connection = http.client.HTTPConnection("127.0.0.1", model.port, timeout=10)
    connection.request("POST", "/v1/messages", json.dumps(body))
    return connection


def test_a_gate_holds_the_stream(model: FakeModel) -> None:
    connection = begin(model, "[[fake:slow gate=g1 tag=g1]]")
    until_sync(lambda: model.waiting("g1") == 1)
    [request] = model.requests(tag="g1")
    assert not request.done
    model.open_gate("g1")
    answer = connection.getresponse().read().decode()
    assert "finished." in answer and "message_stop" in answer
    until_sync(lambda: model.requests(tag="g1")[0].done)
    assert model.waiting("g1") == 0
    assert not model.requests(tag="g1")[0].aborted


def test_a_hang_up_is_seen(model: FakeModel) -> None:
    connection = begin(model, "[[fake:slow gate=g2 tag=g2]]")
    until_sync(lambda: model.waiting("g2") == 1)
    connection.close()
    until_sync(lambda: model.requests(tag="g2")[0].aborted)
    assert model.waiting("g2") == 0


def test_a_closed_gate_holds_again(model: FakeModel) -> None:
    model.put_script("twice", [[Say("a"), Gate("{gate}"), Say("b")]])
    model.open_gate("g3")
    assert b"message_stop" in begin(model, "[[fake:twice gate=g3]]").getresponse().read()
    model.close_gate("g3")
    held = begin(model, "[[fake:twice gate=g3]]")
    until_sync(lambda: model.waiting("g3") == 1)
    held.close()


def test_a_cut_drops_the_connection(model: FakeModel) -> None:
    response = begin(model, "[[fake:cut tag=cut]]").getresponse()
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        response.read()
    until_sync(lambda: model.requests(tag="cut")[0].cut)


def test_a_request_is_recorded(model: FakeModel) -> None:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": ""}}
    text = {"type": "text", "text": "[[fake:tour cwd=/r tag=rec]]"}
    tools = [{"name": "Read", "input_schema": {"properties": {"file_path": {}}}}]
    message = {"role": "user", "content": [image, text]}
    post(f"{model.url}/v1/messages", {"model": "m", "messages": [message], "tools": tools})
    [request] = model.requests(tag="rec")
    assert (request.api, request.model, request.script) == ("anthropic", "m", "tour")
    assert (request.round, request.images, request.status) == (0, 1, 200)
    assert (request.tools, request.calls) == (["Read"], ["Read"])


def test_what_is_not_served_is_recorded(model: FakeModel) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        post(f"{model.url}/telemetry", {})
    assert ("/telemetry", 404) in [(one.path, one.status) for one in model.requests()]


def test_a_script_that_makes_no_sense_is_refused(model: FakeModel) -> None:
    class Odd(Say):
        kind = "odd"

    with pytest.raises(urllib.error.HTTPError, match="400"):
        model.put_script("odd", [[Odd("x")]])
