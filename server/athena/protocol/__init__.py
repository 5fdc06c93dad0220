"""The words Athena speaks: types, methods, commands, events and error codes.

Everything that another program may see is declared here once; JSON Schema, TypeScript, Kotlin,
Lua types and the tables of `docs/protocol.md` are generated from it.
"""
