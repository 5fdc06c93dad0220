"""The small program between an editor's pipes and the daemon's socket, and a client for scripts.

Standard library only, and of that only what loads fast: an editor waits for `athena lsp`, so a
module that costs ten milliseconds (pathlib, dataclasses, typing, asyncio) stays out. The daemon
imports the wire rules it shares with relays (paths, hello) from here, never the other way round.
"""
