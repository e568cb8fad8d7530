"""Where everything of the soak's company belongs in QuickBooks Desktop: the demo's, and what customers' money needs.

As in `soak.chart`, the answer sheet and the mapping are written down apart.
"""

from __future__ import annotations

import dataclasses

from blueops_qb.domain.mapping import Family
from blueops_qb.sandbox.demo.chart import Rules
from blueops_qb.sandbox.demo.desktop_chart import DESKTOP_CHART, DESKTOP_RULES
from blueops_qb.sandbox.soak import chart as online

CHART = dataclasses.replace(
    DESKTOP_CHART,
    bank_charges=online.CHART.bank_charges,
    fees_charged={**online.CHART.fees_charged, **DESKTOP_CHART.fees_charged},
)

RULES: Rules = {
    **{key: target for key, target in online.RULES.items() if key[0] is not Family.BRANCH},
    **DESKTOP_RULES,
    (Family.FEE, "nsf"): ("item", "Late Fee"),
    (Family.FEE, "cancellation"): ("item", "Late Fee"),
}
