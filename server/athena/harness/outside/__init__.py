"""Sessions made outside: the files that the plain command lines of Claude Code and Codex keep.

`files` finds them; `claude` and `codex` turn their lines into events, with the translations of the
drivers; `bookmark` reads what is new in one. Files are only read.
"""
