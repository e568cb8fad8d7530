"""Life of the plugin: start, stop, install, switch and uninstall."""

from __future__ import annotations

import pluggy

from blueops_qb import bootstrap
from blueops_qb.sdk.core import Core
from blueops_qb.sdk.hooks import RemovalPlan, Switch

hookimpl = pluggy.HookimplMarker("blueops")


@hookimpl
def plugin_started(core: Core) -> None:
    bootstrap.start(core)


@hookimpl
def plugin_stopped() -> None:
    bootstrap.stop()


@hookimpl
def plugin_installed(core: Core) -> None:
    bootstrap.installed(core)


@hookimpl
def plugin_switched(tenant_id: str, switch: Switch, actor: str) -> None:
    bootstrap.switched(tenant_id, switch, actor)


@hookimpl
def plugin_removal_plan(core: Core) -> RemovalPlan:
    return bootstrap.removal_plan(core)


@hookimpl
def plugin_uninstall(core: Core) -> bool:
    return bootstrap.uninstall(core)
