"""Changed: core's transaction in a turn, which notes what it has changed, so that others read that as it is now."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import sqlalchemy as sa

from blueops_qb.domain.refs import RecordRef
from blueops_qb.sdk.core import Applied, ApplyAnswer, Change, Core, CoreTransaction, MergeParty, Snapshot


@attrs.define
class Changed:
    """What core has taken in a transaction. `everything` = a merge may have moved any record."""

    refs: set[RecordRef] = attrs.field(factory=set)
    everything: bool = False

    def among(self, refs: Sequence[RecordRef]) -> list[RecordRef]:
        """Those whose committed state may be older than what the transaction sees."""
        return [ref for ref in refs if self.everything or ref in self.refs]


@attrs.frozen
class NotingTransaction:
    """Core's transaction; what it changes is noted in `changed`."""

    inner: CoreTransaction
    changed: Changed

    @property
    def connection(self) -> sa.Connection:
        return self.inner.connection

    def read(self, ref: RecordRef) -> Snapshot | None:
        return self.inner.read(ref)

    def apply(self, change: Change, *, expected_revision: int | None, key: str) -> ApplyAnswer:
        answer = self.inner.apply(change, expected_revision=expected_revision, key=key)
        if isinstance(answer, Applied):
            self.changed.refs.add(answer.ref)
            self.changed.everything |= isinstance(change, MergeParty)
        return answer


def read_as_changed(
    core: Core, tx: CoreTransaction, tenant_id: str, changed: Changed, refs: Sequence[RecordRef]
) -> dict[RecordRef, Snapshot]:
    """Several records as the transaction sees them: in one read, and what it has changed one by one."""
    found = core.read(tenant_id, refs)
    for ref in changed.among(refs):
        snapshot = tx.read(ref)
        if snapshot is None:
            found.pop(ref, None)
        else:
            found[ref] = snapshot
    return found
