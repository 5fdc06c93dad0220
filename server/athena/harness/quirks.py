"""How an ACP agent departs from the specification, as data of its row."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AcpQuirks:
    """Each field is one departure that was seen in a real agent; the default is the standard."""
