"""Sessions made outside: the files that the plain command lines of Claude Code and Codex keep.

`files` finds them and reads what is new in one; `claude` and `codex` turn its lines into events,
with the translations of the drivers. Files are only read.
"""
