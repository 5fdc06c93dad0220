"""The scripted harness: an ACP agent without a model that plays a readable scenario.

It reads and edits real files, runs real commands and asks real permissions, so the demo, the tests
and a user's first trial go the way that every harness goes. It also misbehaves on demand: it
crashes, falls silent, prints garbage and leaves children behind. `docs/scripted-harness.md` has the
language. Standard library only; nothing else of Athena is imported here.
"""

__version__ = "1.0.0"
