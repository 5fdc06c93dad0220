"""What the server remembers of each request, for a test to assert on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class Request:
    """One request to the model; `aborted` says that the harness hung up before the end."""

    number: int
    method: str
    path: str
    agent: str = ""
    api: str = ""
    model: str = ""
    stream: bool = False
    script: str = ""
    round: int = 0
    values: dict[str, str] = field(default_factory=dict[str, str])
    tools: list[str] = field(default_factory=list[str])
    calls: list[str] = field(default_factory=list[str])
    images: int = 0
    prompt_tokens: int = 0
    output_tokens: int = 0
    status: int = 0
    done: bool = False
    aborted: bool = False
    cut: bool = False
    ms: float = 0.0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Request:
        return cls(**data)
