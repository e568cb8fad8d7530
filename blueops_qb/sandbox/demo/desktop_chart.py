"""Where everything of the demo's company belongs in QuickBooks Desktop: the answer sheet and the mapping, apart.

As in `chart`, a mistake in one shows against the other. Desktop tracks no locations and keeps no files; a discount
of a whole invoice is an item there, which is found by its account.
"""

from __future__ import annotations

from dataclasses import replace

from blueops_qb.domain.mapping import Family
from blueops_qb.sandbox.demo.chart import CHART, RULES, Rules

#: A discount of one line, as an item of its own that is posted where discounts are posted.
LINE_DISCOUNT = "Line Discount"
#: The sales tax of the place where the company works.
TAX_ITEM, TAX_RATE = "California", "8.25"

DESKTOP_CHART = replace(
    CHART,
    branches=dict.fromkeys(CHART.branches, ""),
    expenses={**CHART.expenses, "fuel": "6300", "tools": "6310"},
    methods={**CHART.methods, "ach": "E-Check"},
    files=False,
)

_OTHERWISE: Rules = {
    (Family.SERVICE, "maintenance_visit"): ("item", "Agreement Earned"),
    (Family.MATERIAL_SOLD, "general"): ("item", "Materials"),
    (Family.FEE, "diagnostic"): ("item", "Late Fee"),
    (Family.FEE, "late"): ("item", "Late Fee"),
    (Family.FEE, "discount"): ("item", LINE_DISCOUNT),
    (Family.EXPENSE, "fuel"): ("account", "6300"),
    (Family.EXPENSE, "tools"): ("account", "6310"),
    (Family.PAYMENT_METHOD, "ach"): ("method", "E-Check"),
    (Family.TAX, "ca_county"): ("tax_code", TAX_ITEM),
}
DESKTOP_RULES: Rules = {
    key: _OTHERWISE.get(key, target) for key, target in RULES.items() if key[0] is not Family.BRANCH
}
