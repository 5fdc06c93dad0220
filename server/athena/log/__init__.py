"""The event database: what happened, in order, and never half of it.

The only package that opens the database, and one that knows nothing of what events mean.
"""

from athena.log.cache import Fold, StateCache, StateMetrics
from athena.log.encoding import with_heads
from athena.log.errors import (
    BackupFailed,
    BlobNotFound,
    ImportRefused,
    IngestConflict,
    LogClosed,
    LogError,
    LogInUse,
    LogUnavailable,
    NotAnEventLog,
    VersionConflict,
)
from athena.log.eventlog import EventLog, LogMetrics
from athena.log.health import LogState
from athena.log.model import (
    Appended,
    Batch,
    Ingest,
    Mention,
    NewEvent,
    OutFrame,
    Snapshot,
    StoredEvent,
    StreamHead,
)
from athena.log.upcast import Upcaster, Upcasters
from athena.log.verify import Report

__all__ = [
    "Appended",
    "BackupFailed",
    "Batch",
    "BlobNotFound",
    "EventLog",
    "Fold",
    "ImportRefused",
    "Ingest",
    "IngestConflict",
    "LogClosed",
    "LogError",
    "LogInUse",
    "LogMetrics",
    "LogState",
    "LogUnavailable",
    "Mention",
    "NewEvent",
    "NotAnEventLog",
    "OutFrame",
    "Report",
    "Snapshot",
    "StateCache",
    "StateMetrics",
    "StoredEvent",
    "StreamHead",
    "Upcaster",
    "Upcasters",
    "VersionConflict",
    "with_heads",
]
