"""Names keep the conventions that docs/protocol.md promises."""

from __future__ import annotations

import re
from collections import Counter

from athena.protocol.errors import ERROR_TEXTS, ErrorCode
from athena.protocol.events import EVENTS
from athena.protocol.items import ITEM_TYPES
from athena.protocol.methods import METHODS, NOTIFICATIONS
from tests.protocol.samples import model
from tools.generate import model as m

NAME = re.compile(r"athena/[a-z][A-Za-z]*/[a-z][A-Za-z]*")
CAMEL = re.compile(r"[a-z][A-Za-z0-9]*")
PAST = re.compile(r".*(ed|drawn|Given|GivenUp|Sent|Taken|Ready|Lost)")
SINGULAR_WITH_S = {"harness"}

NAMES = [*(o.name for o in METHODS), *(n.name for n in NOTIFICATIONS)]


def test_a_method_is_a_singular_noun_and_a_verb() -> None:
    for name in NAMES:
        assert NAME.fullmatch(name)
        noun = name.split("/")[1]
        assert not noun.endswith("s") or noun in SINGULAR_WITH_S, name


def test_names_are_unique() -> None:
    for names in (NAMES, [event.KIND for event in EVENTS], ITEM_TYPES):
        assert not [name for name, count in Counter(names).items() if count > 1]


def test_a_kind_of_event_is_its_class_in_the_past_tense() -> None:
    for event in EVENTS:
        assert event.__name__[0].lower() + event.__name__[1:] == event.KIND
        assert PAST.fullmatch(event.KIND), event.KIND
        assert event.VERSION >= 1


def test_members_are_in_camel_case() -> None:
    wrong = [
        f"{s.name}.{f.name}"
        for s in model().all(m.Structure)
        for f in s.fields
        if not CAMEL.fullmatch(f.name)
    ]
    assert not wrong


def test_everything_says_what_it_is() -> None:
    types = [t.name for t in model().all(m.Structure) if not t.doc]
    methods = [o.name for o in (*METHODS, *NOTIFICATIONS) if not o.summary.endswith(".")]
    assert not types + methods


def test_every_error_has_words() -> None:
    assert ERROR_TEXTS.keys() == set(ErrorCode)
    own = [code for code in ErrorCode if code > 0]
    assert own and min(own) > 1000, "JSON-RPC and LSP reserve the negative ones"


def test_item_types_are_those_of_the_union() -> None:
    union = model().types["Item"]
    assert isinstance(union, m.Union)
    assert tuple(union.members) == ITEM_TYPES
