"""Every event hook of the contract is called for one kind of change, and only hooks that exist."""

import inspect

from blueops_qb.sandbox.core.work import ALL_HOOKS, APPLICATION_HOOKS, HOOKS, PERMIT_HOOKS, WARRANTY_HOOKS
from blueops_qb.sdk.hooks import Hooks


def test_the_table_names_every_event_hook_once() -> None:
    events = {
        name
        for name, hook in vars(Hooks).items()
        if not name.startswith("_") and "event" in inspect.signature(hook).parameters
    }
    assert (
        sorted(
            [*HOOKS.values(), *PERMIT_HOOKS.values(), *APPLICATION_HOOKS.values(), *WARRANTY_HOOKS.values()]
        )
        == sorted(events)
        == sorted(ALL_HOOKS)
    )
