"""pi, over the lines of JSON of `pi --mode rpc`.

The package documents them itself, in `docs/rpc.md`. Names of messages and fields here are those of
that page and of `dist/modes/rpc/rpc-types.d.ts`.
"""
