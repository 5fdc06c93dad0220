"""The same script through each API: the abstract actions become the tools that were offered."""

from __future__ import annotations

import json
import urllib.error
from pathlib import Path

import pytest

from tests.fakemodel.peers import PEERS, AnthropicPeer, Peer, events, post
from tests.support.fakemodel import FakeModel
from tests.support.fakemodel.script import Call, Say, Think, Tokens
from tests.support.golden import assert_golden

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(params=[True, False], ids=["stream", "whole"])
def stream(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.fixture(params=list(PEERS))
def peer(request: pytest.FixtureRequest, model: FakeModel, stream: bool) -> Peer:
    return PEERS[request.param](model.url, stream)


def test_tour(peer: Peer) -> None:
    api = next(name for name, kind in PEERS.items() if isinstance(peer, kind))
    said = peer.play("Please [[fake:tour cwd=/r]]")
    assert_golden(GOLDEN / f"tour.{api}.txt", "".join(f"{line}\n" for line in said))


def test_without_a_marker_it_echoes(peer: Peer) -> None:
    assert peer.play("good morning") == ["say fake reply: good morning", "--"]


def test_a_second_marker_starts_its_script_anew(peer: Peer) -> None:
    first = peer.play("[[fake:hello]]")
    assert peer.play("[[fake:hello]]") == first == ["say Hello from the fake model.", "--"]


def test_a_reply_cut_short_does_not_count(model: FakeModel) -> None:
    model.put_script("two", [[Say("One whole reply.")], [Say("Two.")]])
    peer = AnthropicPeer(model.url, stream=True)
    peer.user("[[fake:two]]")
    peer.history.append({"role": "assistant", "content": "One who"})
    peer.user("go on")
    assert peer.ask() == ["say One whole reply."]
    peer.user("go on")
    assert peer.ask() == ["say Two."]


@pytest.mark.parametrize("status", [400, 429, 529])
def test_failures(peer: Peer, model: FakeModel, status: int) -> None:
    name = {400: "broken", 429: "limit", 529: "overloaded"}[status]
    peer.user(f"[[fake:{name} tag={type(peer).__name__}-{peer.stream}]]")
    with pytest.raises(urllib.error.HTTPError) as error:
        peer.ask()
    assert error.value.code == status
    assert f"fake error {status}" in error.value.read().decode()


def test_a_failure_passes(peer: Peer) -> None:
    peer.user(f"[[fake:flaky tag=flaky-{type(peer).__name__}-{peer.stream}]]")
    for _ in range(2):
        with pytest.raises(urllib.error.HTTPError):
            peer.ask()
    assert peer.ask() == ["say Recovered."]


def test_structured_output_follows_the_schema(model: FakeModel) -> None:
    asked = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    text = {"format": {"type": "json_schema", "schema": asked}}
    body = {"model": "m", "input": "[[fake:hello]]", "text": text}
    answer = json.loads(post(f"{model.url}/v1/responses", body))
    assert answer["output"][0]["content"][0]["text"] == '{"n": 1}'


def test_a_request_without_tools_gets_plain_text(model: FakeModel) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "[[fake:tour cwd=/r]]"}]}
    answer = json.loads(post(f"{model.url}/v1/chat/completions", body))
    assert answer["choices"][0]["message"]["content"] == "fake side answer"


def test_a_tool_by_name(model: FakeModel) -> None:
    model.put_script("named", [[Call("Bash", {"command": "true"})], [Call("Gone", {"a": 1})]])
    peer = AnthropicPeer(model.url, stream=True)
    assert peer.play("[[fake:named]]") == [
        'call Bash {"command": "true"}',
        "--",
        "say (no tool here for call)",
        "--",
    ]


def test_token_counts_are_as_told(model: FakeModel) -> None:
    model.put_script("counted", [[Tokens(input=100, output=7, cached=50), Think("t"), Say("x")]])
    prompt = {"role": "user", "content": "[[fake:counted tag=counted]]"}
    whole = json.loads(post(f"{model.url}/v1/messages", {"model": "m", "messages": [prompt]}))
    assert whole["usage"]["input_tokens"] == 100
    assert whole["usage"]["cache_read_input_tokens"] == 50
    raw = post(f"{model.url}/v1/chat/completions", {"messages": [prompt], "stream": True})
    assert events(raw)[-1]["usage"]["prompt_tokens"] == 150
    assert [one.output_tokens for one in model.requests(tag="counted")] == [7, 7]
