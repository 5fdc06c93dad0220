"""Codex, over the JSON-RPC of `codex app-server`.

The program documents its protocol itself: `codex app-server generate-ts --experimental`. Names of
messages and fields here are those of that output.
"""
