"""The end of a run of which nobody will hear any more, since its driver's memory is no use.

A driver ends what is open in its run; without one it is read from the log.
"""

from __future__ import annotations

from athena.app.context import Context
from athena.app.follow import event_of
from athena.core.state import AgentState
from athena.harness.ledger import given_up
from athena.log import StoredEvent
from athena.projections.transcript import Transcript
from athena.protocol import events as e
from athena.protocol.request import Outcome

PAGE = 400
KINDS = (e.RunStarted.KIND, e.ItemStarted.KIND, e.ItemUpdated.KIND, e.ItemCompleted.KIND)


async def lost(context: Context, state: AgentState, run_id: str, why: str) -> list[e.EventData]:
    """What ends a run that is lost, and all that is open in it."""
    ends: list[e.EventData] = [
        e.RequestClosed(request_id=name, outcome=Outcome.CANCELLED, by="harness")
        for name in state.requests
    ]
    ends += await _open_items(context, state, run_id)
    if (turn := state.turn) is not None:
        error = None if turn.interrupted else e.TurnError(category="harness", message=why)
        stop = "cancelled" if turn.interrupted else "failed"
        ends.append(e.TurnEnded(turn_id=turn.turn_id, stop_reason=stop, error=error))
    return [*ends, e.RunEnded(run_id=run_id, reason="lost", error=why)]


async def _open_items(context: Context, state: AgentState, run_id: str) -> list[e.ItemCompleted]:
    """Each as it stands: what was being written since it began is not known."""
    begun = await _begun(context, state, run_id)
    folded = Transcript()
    for stored in reversed(begun):
        [whole] = await context.log.read_stream(
            state.id, after_version=stored.version - 1, limit=1, blobs=True
        )
        folded.add([event_of(whole)])
    return [
        e.ItemCompleted(
            item_id=found.item_id, turn_id=found.turn_id, item=given_up(found.item, cancelled=False)
        )
        for found in folded.items.values()
    ]


async def _begun(context: Context, state: AgentState, run_id: str) -> list[StoredEvent]:
    """The events of the items of a run that were never completed, newest first."""
    found: list[StoredEvent] = []
    ended: set[object] = set()
    version: int | None = None
    while True:
        page = await context.log.read_stream_back(
            state.id, before_version=version, limit=PAGE, kinds=KINDS
        )
        for stored in page:
            if stored.kind == e.RunStarted.KIND and stored.data["runId"] == run_id:
                return found
            name = stored.data.get("itemId")
            if stored.kind == e.ItemCompleted.KIND:
                ended.add(name)
            elif str(name).startswith(f"{run_id}.") and name not in ended:
                found.append(stored)
        if not page:
            return found
        version = page[-1].version
