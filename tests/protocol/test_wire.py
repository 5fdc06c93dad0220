"""Types on the wire: pydantic and the generated schema agree, and nothing newer is lost."""

from __future__ import annotations

import jsonschema
import pytest
from pydantic import ValidationError

from athena.protocol import events as e
from athena.protocol.base import Record, Request
from tests.protocol.samples import Json, classes, document, least, model, most, validator
from tools.generate import model as m

STRUCTURES = {s.name: s for s in model().all(m.Structure)}
GIVEN = [name for name, structure in STRUCTURES.items() if structure.closed]
TOLD = [name for name, structure in STRUCTURES.items() if not structure.closed]


def test_every_class_is_in_the_schema() -> None:
    assert classes().keys() == STRUCTURES.keys()
    jsonschema.Draft202012Validator.check_schema(document())


def test_the_least_and_the_most_are_accepted_by_both() -> None:
    for name in STRUCTURES:
        for sample in (least(name), most(name)):
            validator(name).validate(sample)
            classes()[name].model_validate(sample)


def test_what_must_be_given_is_missed_by_both() -> None:
    for name, structure in STRUCTURES.items():
        for field in structure.fields if structure.given else ():
            if field.required and not field.is_tag:
                cut = {key: value for key, value in most(name).items() if key != field.name}
                assert not validator(name).is_valid(cut), f"{name}.{field.name}"
                with pytest.raises(ValidationError, match=field.name):
                    classes()[name].model_validate(cut)


def test_what_is_told_fits_the_schema() -> None:
    for name in TOLD:
        validator(name).validate(_through(name, least(name)))
        assert _through(name, most(name)) == most(name)


def test_unknown_members_survive() -> None:
    for name in TOLD:
        newer = most(name, news=True)
        validator(name).validate(newer)
        assert _through(name, newer) == newer


def test_unknown_members_are_refused_by_both() -> None:
    for name in GIVEN:
        typing_error = {**least(name), "agnet": "x"}
        assert issubclass(classes()[name], Request)
        assert not validator(name).is_valid(typing_error)
        with pytest.raises(ValidationError, match="agnet"):
            classes()[name].model_validate(typing_error)


@pytest.mark.parametrize("event", model().events, ids=lambda event: event.kind)
def test_an_event_survives(event: m.EventKind) -> None:
    data = most(event.data, news=True)
    parsed = e.parse_event(event.kind, data)
    assert event.kind == parsed.KIND
    assert parsed.wire() == data


def test_an_event_of_an_unknown_kind_survives() -> None:
    data = {"who": {"nested": [1, {"deep": None}]}, "at": 1.5, "text": "as it is"}
    parsed = e.parse_event("moonLanded", data)
    assert isinstance(parsed, e.UnknownEvent)
    assert parsed.wire() == data
    event = {**most("Event"), "kind": "moonLanded", "data": data}
    assert e.Event.model_validate(event).wire() == event
    validator("Event").validate(event)


def test_the_schema_knows_the_data_of_a_known_kind() -> None:
    event = {**most("Event"), "kind": "agentRenamed", "v": 1}
    validator("Event").validate({**event, "data": {"name": "ada"}})
    assert not validator("Event").is_valid({**event, "data": {"name": 7}})
    validator("Event").validate({**event, "v": 2, "data": {"name": 7}})


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("ReadTranscript", {"agent": "a", "limit": 0}),
        ("ReadTranscript", {"agent": "a", "limit": 1001}),
        ("RenameAgent", {"agent": "a", "name": ""}),
        ("RenameAgent", {"agent": "a", "name": "x" * 121}),
        ("CompareAgents", {"agents": ["one"]}),
        ("SetOption", {"agent": "a", "option": "o", "value": 3}),
        ("ListAgents", {"status": ["asleep"]}),
        ("PromptAgent", {"agent": "a", "content": [{"type": "hologram"}]}),
    ],
)
def test_bounds_are_the_same_in_both(name: str, wrong: Json) -> None:
    assert not validator(name).is_valid(wrong)
    with pytest.raises(ValidationError):
        classes()[name].model_validate(wrong)


def _through(name: str, value: Json) -> Json:
    """What is told of an object that was read."""
    read = classes()[name].model_validate(value)
    assert isinstance(read, Record)
    return read.wire()
