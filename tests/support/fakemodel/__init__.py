"""A fake model: four real model APIs on one loopback port, playing scripts.

Real harnesses are driven against it, so their whole code runs with no key and no network. See
`script` for what it can be told, and `client.FakeModel` for how a test starts and steers it.
"""

from tests.support.fakemodel.client import FakeModel
from tests.support.fakemodel.record import Request

__all__ = ["FakeModel", "Request"]
