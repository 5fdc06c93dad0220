"""How much one client may take of the daemon. All sizes in bytes."""

from __future__ import annotations

BODY = 64 << 20
"""One message, either way."""
OPEN_REQUESTS = 128
"""Requests of one connection that are not answered yet; reading pauses at this number."""
BATCH = 1024
"""Members of one batch."""
OPEN_BYTES = 64 << 20
"""The bodies of those requests together; reading pauses above it."""
DROP_ABOVE = 1 << 20
"""Unread output above which droppable notifications are dropped."""
PAUSE_ABOVE = 4 << 20
"""Unread output above which we read nothing more of this client and senders wait."""
CUT_ABOVE = 128 << 20
"""Unread output above which the connection is cut. Answers and followers wait long before."""
HELLO_SECONDS = 10.0
FLUSH_SECONDS = 5.0
"""How long a closing connection may take to read what was sent before."""
