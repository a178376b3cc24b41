"""The ERP's own staff in a replay: they check in what was announced to them, where they do."""

from __future__ import annotations

from connectors.types import DocumentKind
from exceptions_app.models import Bridge, Watermark
from exceptions_app.services import receipts
from exceptions_app.services.replay.pairs import Pair
from exceptions_app.services.replay.simulation import Simulation


class Staff:
    """One team over a whole replay: nothing is checked in twice."""

    def __init__(self, bridge: Bridge, pair: Pair, simulation: Simulation) -> None:
        self._bridge = bridge
        self._erp = pair.erp
        self._simulation = simulation
        self._done: set[str] = set()

    def check_in(self) -> bool:
        """Receive what is announced and not yet received; whether there was anything.

        The next read of the ERP's receipts is then due at once.
        """
        if self._erp.check_in("") is None:
            return False
        booked = self._erp.booked(self._simulation.documents(self._erp.system))
        received = {row.key for row in booked if row.kind is DocumentKind.STOCK_RECEIPT}
        waiting = [
            row.key
            for row in booked
            if row.kind is DocumentKind.RETURN_AUTHORISATION
            and f"-{self._bridge.code}-" in row.key
            and row.key not in received | self._done
        ]
        for key in waiting:
            records = self._erp.check_in(key)
            assert records is not None
            self._simulation.load(self._erp.system, records)
        self._done.update(waiting)
        Watermark.objects.filter(connection=self._bridge.erp, feed=receipts.FEED).update(
            next_at=None
        )
        return bool(waiting)
