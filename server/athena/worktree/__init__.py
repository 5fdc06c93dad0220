"""Git as Athena needs it: worktrees, checkpoints, changesets, reverts, merges, collisions.

A library over the user's own `git` (2.39 or later). It knows of no event, log or agent state: an
agent is a string that names refs under `refs/athena/<agent>/`. Every function that changes a
working tree first captures it to such a ref, so nothing that anyone wrote is destroyed.

Start at `repository.discover`, which turns a path into a `Checkout`, the handle all others take.
"""
