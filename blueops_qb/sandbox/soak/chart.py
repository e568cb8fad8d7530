"""Where everything of the soak's company belongs: the demo's, and what more customers' money needs.

Written down twice on purpose, as the demo's is: the answer sheet of the reader, and the mapping of the administrator.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from blueops_qb.domain.mapping import Family
from blueops_qb.sandbox.demo import chart as demo
from blueops_qb.sandbox.demo.chart import FORGOTTEN, Rules, rules_for

__all__ = ["CHART", "FORGOTTEN", "ITEMS", "RULES", "rules_for"]

CHART = dataclasses.replace(
    demo.CHART,
    bank_charges="6110",
    fees_charged={
        **demo.CHART.fees_charged,
        "nsf": "4800",
        "cancellation": "4800",
        "allowance": "4910",
        "write_off": "6200",
        "bad_debt": "6200",
        "early_payment": "4900",
        "deposit": "2300",
        "back_from_clearing": "1050",
        "back_from_undeposited": "1090",
    },
)

#: Items that the practice books lack: name -> number of the income account.
ITEMS: Mapping[str, str] = {
    "Discount": "4900",
    "Allowance": "4910",
    "Bad Debt": "6200",
    "Early Payment": "4900",
    "Back from Processor": "1050",
    "Back from Drawer": "1090",
}

RULES: Rules = {
    **demo.RULES,
    (Family.ROLE, "bank_charges"): ("account", "6110"),
    (Family.FEE, "nsf"): ("item", "Fee"),
    (Family.FEE, "cancellation"): ("item", "Fee"),
    (Family.FEE, "allowance"): ("item", "Allowance"),
    (Family.FEE, "write_off"): ("item", "Bad Debt"),
    (Family.FEE, "bad_debt"): ("item", "Bad Debt"),
    (Family.FEE, "early_payment"): ("item", "Early Payment"),
    (Family.FEE, "deposit"): ("item", "Customer Deposit"),
    (Family.FEE, "back_from_clearing"): ("item", "Back from Processor"),
    (Family.FEE, "back_from_undeposited"): ("item", "Back from Drawer"),
}
