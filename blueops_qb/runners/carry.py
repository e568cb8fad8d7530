"""Carrying: one exchange through the doors and back."""

from __future__ import annotations

import threading
import time
from collections import Counter

from blueops_qb.engine.engine import Engine
from blueops_qb.sdk.doors import Reply, Unknown
from blueops_qb.sdk.provider import Transport


class Carrier:
    """Carries exchanges of called providers; keeps one transport per connection."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._transports: dict[str, Transport | None] = {}
        self._under_way: Counter[str] = Counter()
        self._lock = threading.Lock()

    def carry_one(self, connection_id: str) -> bool:
        """Carry one exchange; False when none was due. Raises only for defects of ours, after answering Unknown."""
        transport = self._transport(connection_id)
        if transport is None:
            return False
        outgoing = self._engine.next_exchange(connection_id)
        if outgoing is None:
            return False
        reply: Reply = Unknown(why="the carrier was stopped")
        self._count(connection_id, 1)
        try:
            reply = transport.send(outgoing.body)
        finally:
            self._count(connection_id, -1)
            self._engine.finish(outgoing.exchange_id, reply)
        return True

    def drain(self, connection_id: str, *, most: int = 10_000, patiently: bool = False) -> int:
        """Carry until nothing is due; answers how many exchanges were carried.

        What the books' pace puts off is left for later, or, `patiently`, waited for without any transaction.
        """
        carried = 0
        while carried < most:
            if self.carry_one(connection_id):
                carried += 1
            elif patiently and (wait := self._engine.wait(connection_id)):
                time.sleep(wait)
            else:
                break
        return carried

    def under_way(self, connection_id: str) -> int:
        """How many exchanges are at the books just now."""
        return self._under_way[connection_id]

    def _count(self, connection_id: str, change: int) -> None:
        with self._lock:
            self._under_way[connection_id] += change

    def use(self, connection_id: str, transport: Transport) -> None:
        """Carry the connection's exchanges by this transport instead of the provider's own."""
        with self._lock:
            self._transports[connection_id] = transport

    def _transport(self, connection_id: str) -> Transport | None:
        with self._lock:
            if connection_id not in self._transports:
                provider = self._engine.turns.provider(connection_id)
                company = self._engine.company_of(connection_id)
                self._transports[connection_id] = provider.transport(
                    self._engine.vault(connection_id), company
                )
            return self._transports[connection_id]

    def close(self) -> None:
        """Let go of all connections to the books."""
        with self._lock:
            for transport in self._transports.values():
                if transport is not None:
                    transport.close()
            self._transports.clear()
