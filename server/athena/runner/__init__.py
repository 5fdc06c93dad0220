"""The runner: one tiny process per live harness process, which loses nothing that is said.

It owns the harness's stdio, appends both directions to disk before anything else happens, and
knows nothing of their meaning. Standard library only; it imports nothing else of Athena, so that
it stays small in memory and cannot be broken by the daemon's dependencies. `layout` lists its
files, `door` its socket protocol, `ending` how processes are ended.
"""
