"""General ledger reports as QuickBooks Online shapes them, made by hand for tests of the reader."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
COLUMNS = (
    "tx_date",
    "txn_type",
    "doc_num",
    "name",
    "account_name",
    "debt_amt",
    "credit_amt",
    "subt_nat_amount",
)


def column(key: str) -> Json:
    return {"ColTitle": key.title(), "ColType": "String", "MetaData": [{"Name": "ColKey", "Value": key}]}


def line(
    day: str, debit: str = "", credit: str = "", natural: str = "", *, id: str = "9", **cells: Json
) -> Json:
    shown = {
        "tx_date": {"value": day},
        "txn_type": {"value": "Invoice", "id": id},
        "doc_num": {"value": "1041"},
        "name": {"value": "Hill, Ada", "id": "58"},
        "account_name": {"value": ""},
        "debt_amt": {"value": debit},
        "credit_amt": {"value": credit},
        "subt_nat_amount": {"value": natural},
        **cells,
    }
    return {"type": "Data", "ColData": [shown[key] for key in COLUMNS]}


def total(label: str, debit: str, credit: str, natural: str) -> Json:
    blank: Json = {"value": ""}
    return {
        "ColData": [{"value": label}, *[blank] * 4, {"value": debit}, {"value": credit}, {"value": natural}]
    }


def section(id: str, name: str, *rows: Json, foot: Json | None = None) -> Json:
    head = [{"value": name, "id": id}, *[{"value": ""}] * (len(COLUMNS) - 1)]
    found: Json = {"type": "Section", "Header": {"ColData": head}, "Rows": {"Row": list(rows)}}
    return found | ({"Summary": foot} if foot else {})


def report(*sections: Json, **head: Any) -> Json:
    return {
        "Header": {
            "ReportName": "GeneralLedger",
            "ReportBasis": "Accrual",
            "StartPeriod": "2026-01-01",
            "EndPeriod": "2026-01-31",
            "Option": [{"Name": "NoReportData", "Value": "false"}],
            **head,
        },
        "Columns": {"Column": [column(key) for key in COLUMNS]},
        "Rows": {"Row": list(sections)},
    }


def sale() -> Json:
    receivable = section(
        "84",
        "Accounts Receivable",
        line("2026-01-05", "1,108.00", "", "1108.00"),
        foot=total("Total for Accounts Receivable", "1108.00", "", "1108.00"),
    )
    income = section(
        "79",
        "Sales",
        line("2026-01-05", "", "1000.00", "1000.00"),
        foot=total("Total for Sales", "", "1000.00", "1000.00"),
    )
    tax = section("89", "Tax Payable", line("2026-01-05", "", "108.0", "108.0"))
    return report(receivable, income, tax)
