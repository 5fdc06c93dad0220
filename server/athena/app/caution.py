"""What the settings of a project that is not trusted may not loosen. Pure.

They come with a repository that somebody else may have written, so they may not let an agent do
more than the user's own settings do: choose a permission mode, or make an archetype write that only
reads, or give it more tools.
"""

from __future__ import annotations

from athena.app.settings import BUILT_IN_ARCHETYPES
from athena.app.tables import ArchetypeSettings, Defaults, SettingsFile


def cautious(own: SettingsFile, theirs: SettingsFile) -> tuple[SettingsFile, tuple[str, ...]]:
    """The project's file without what it may not say, and the keys that were left out."""
    defaults, withheld = _defaults(own, theirs)
    archetypes: dict[str, ArchetypeSettings] = {}
    for name, archetype in theirs.archetype.items():
        known = own.archetype.get(name) or BUILT_IN_ARCHETYPES.get(name)
        archetypes[name], keys = _archetype(archetype, known)
        withheld += [f"archetype.{name}.{key}" for key in keys]
    update = {"defaults": defaults, "archetype": archetypes}
    return (theirs.model_copy(update=update) if withheld else theirs), tuple(withheld)


def _defaults(own: SettingsFile, theirs: SettingsFile) -> tuple[Defaults, list[str]]:
    given = theirs.defaults
    left_out = [] if given.mode in (None, own.defaults.mode) else ["mode"]
    usual = own.defaults.archetype
    known = {**BUILT_IN_ARCHETYPES, **own.archetype}
    if usual in known and known[usual].readonly and given.archetype not in (None, usual):
        left_out.append("archetype")
    changes = dict.fromkeys(left_out)
    return given.model_copy(update=changes), [f"defaults.{key}" for key in left_out]


def _archetype(
    given: ArchetypeSettings, known: ArchetypeSettings | None
) -> tuple[ArchetypeSettings, list[str]]:
    safe: dict[str, object] = {}
    mode = known.mode if known else None
    if given.mode not in (None, mode):
        safe["mode"] = mode
    if known is not None and known.readonly and not given.readonly:
        safe["readonly"] = True
    allowed = known.tools if known else None
    if allowed is not None and (given.tools is None or set(given.tools) - set(allowed)):
        safe["tools"] = allowed
    return given.model_copy(update=safe), list(safe)
