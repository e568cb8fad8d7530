"""Tasks that core's scheduler runs for every switched-on tenant."""

from __future__ import annotations

from collections.abc import Sequence

import pluggy

from blueops_qb import bootstrap
from blueops_qb.sdk.hooks import Task

hookimpl = pluggy.HookimplMarker("blueops")


@hookimpl
def plugin_schedule() -> Sequence[Task]:
    return bootstrap.schedule()
