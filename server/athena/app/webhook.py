"""Posting alerts to an address of the user's, signed as Standard Webhooks says.

https://www.standardwebhooks.com: headers `webhook-id`, `webhook-timestamp` (Unix seconds) and
`webhook-signature`, which is `v1,` and the Base64 of HMAC-SHA256 over `id.timestamp.body`.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import http.client
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from athena import __version__
from athena.app.tables import NotificationSettings

SECONDS = 10.0
SECRET_PREFIX = "whsec_"


class NotDelivered(Exception):
    """It was not taken; the words hold nothing of the address but its host.

    `wait` is how many seconds the other side asks to be left alone.
    """

    def __init__(self, words: str, wait: float = 0) -> None:
        super().__init__(words)
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address, and the key for the signature; without one nothing is signed."""

    url: str = field(repr=False)
    key: bytes | None = field(repr=False)

    @property
    def host(self) -> str:
        """What may be shown of the address: the rest of it is often a secret."""
        return urlsplit(self.url).hostname or "?"

    async def post(self, alert_id: str, at: int, body: bytes) -> None:
        """Post once; `at` is now in Unix seconds. Raises `NotDelivered`."""
        headers = {
            "content-type": "application/json",
            "user-agent": f"athena/{__version__}",
            "webhook-id": alert_id,
            "webhook-timestamp": str(at),
        }
        if self.key is not None:
            headers["webhook-signature"] = signature(self.key, alert_id, at, body)
        await asyncio.to_thread(self._send, body, headers)

    def _send(self, body: bytes, headers: dict[str, str]) -> None:
        request = urllib.request.Request(self.url, data=body, headers=headers, method="POST")
        try:
            with _OPENER.open(request, timeout=SECONDS) as answer:
                answer.read(1024)
        except urllib.error.HTTPError as error:
            with error:
                raise NotDelivered(
                    f"{self.host} answered {error.code}", _asked_to_wait(error.headers)
                ) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise NotDelivered(f"{self.host}: {reason}") from None


def webhook_of(settings: NotificationSettings) -> Webhook | None:
    """The webhook of the settings. Raises `NotDelivered` when its key cannot be read."""
    if settings.webhook is None:
        return None
    secret = settings.secret
    if settings.secret_file is not None:
        try:
            text = Path(settings.secret_file).expanduser().read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise NotDelivered(f"the key of [notification] cannot be read: {error}") from None
        secret = text.strip()
    return Webhook(settings.webhook, None if secret is None else key_of(secret))


def key_of(secret: str) -> bytes:
    """The bytes of a key: those that `whsec_…` spells, or of the text itself."""
    if secret.startswith(SECRET_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
        except binascii.Error:
            raise NotDelivered("the key of [notification] is no Base64 after whsec_") from None
    return secret.encode()


def signature(key: bytes, alert_id: str, at: int, body: bytes) -> str:
    """The header `webhook-signature`."""
    signed = b".".join((alert_id.encode(), str(at).encode(), body))
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def _asked_to_wait(headers: Message) -> float:
    """`Retry-After` (RFC 9110, section 10.2.3) where it is a number of seconds."""
    value = headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() else 0


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is a failure: what was said to one address is not said to another."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Message,
        newurl: str,
    ) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)
