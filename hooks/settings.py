"""Settings that core shows for the plugin."""

from __future__ import annotations

from collections.abc import Sequence

import pluggy

from blueops_qb import bootstrap
from blueops_qb.sdk.hooks import Setting

hookimpl = pluggy.HookimplMarker("blueops")


@hookimpl
def plugin_settings() -> Sequence[Setting]:
    return bootstrap.SETTINGS
