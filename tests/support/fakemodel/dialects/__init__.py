"""The wire formats of four model APIs, one file each."""

from __future__ import annotations

from collections.abc import Mapping

from tests.support.fakemodel.dialects.anthropic import Anthropic
from tests.support.fakemodel.dialects.base import Dialect
from tests.support.fakemodel.dialects.chat import Chat
from tests.support.fakemodel.dialects.gemini import Gemini
from tests.support.fakemodel.dialects.responses import Responses

DIALECTS: Mapping[str, Dialect] = {
    dialect.name: dialect for dialect in (Anthropic(), Responses(), Chat(), Gemini())
}

__all__ = ["DIALECTS", "Dialect"]
