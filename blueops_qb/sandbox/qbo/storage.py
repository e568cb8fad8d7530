"""A company as a JSON file: written whole and swapped in, read back with the ledger worked out anew."""

from __future__ import annotations

import base64
import os
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import attrs

from blueops_qb.sandbox.qbo import inventory, settling
from blueops_qb.sandbox.qbo.company import Company, Hidden
from blueops_qb.sandbox.qbo.entities import ENTITIES, Family
from blueops_qb.sandbox.qbo.fields import Shape, Table
from blueops_qb.sandbox.qbo.rules import RULES
from blueops_qb.sandbox.qbo.step_log import with_step_log
from blueops_qb.sandbox.qbo.wire import Obj, dumps, loads

FORMAT = 1


def dump(company: Company) -> Obj:
    """Everything that makes the company, as JSON."""
    with company.lock:
        return {
            "format": FORMAT,
            "realm": company.realm,
            "shift_seconds": company.clock.shift.total_seconds(),
            "counters": dict(company.counters),
            "hidden": attrs.asdict(company.hidden),
            "files": {key: base64.b64encode(data).decode() for key, data in company.files.items()},
            "records": {kind: list(rows.values()) for kind, rows in company.records.items()},
            "stamps": {
                kind: {identity: when.isoformat() for identity, when in rows.items()}
                for kind, rows in company.stamps.items()
            },
            "stubs": {
                kind: {identity: when.isoformat() for identity, when in rows.items()}
                for kind, rows in company.stubs.items()
            },
            "replies": [
                [key, when.isoformat(), status, body.decode()]
                for key, (when, status, body) in company.replies.items()
            ],
        }


def restore(data: Obj) -> Company:
    """Build the company again; raises ValueError for a file of another format."""
    if data.get("format") != FORMAT:
        raise ValueError(f"company file: format {data.get('format')!r} is unknown, expected {FORMAT}")
    company = Company(realm=data["realm"])
    company.clock.shift = timedelta(seconds=float(data["shift_seconds"]))
    company.counters.update({space: int(count) for space, count in data["counters"].items()})
    known = {field.name for field in attrs.fields(Hidden)}  # a file of another version may hold others
    company.hidden = Hidden(**{name: value for name, value in data["hidden"].items() if name in known})
    for kind, rows in data["records"].items():
        for record in rows:
            company.put(kind, _typed(record, ENTITIES[kind].fields))
    for key, text in data.get("files", {}).items():
        company.files[key] = base64.b64decode(text)
    for kind in ENTITIES:
        company.stamps[kind] = _moments(data["stamps"].get(kind, {}))
        company.stubs[kind] = _moments(data["stubs"].get(kind, {}))
    for key, when, status, body in data["replies"]:
        company.replies[key] = (datetime.fromisoformat(when), int(status), body.encode())
    _post_again(company)
    return company


def load(path: Path) -> Company:
    """Read the company of a file, with what its log of steps adds."""
    return load_all(path)[0]


def load_all(path: Path) -> tuple[Company, Obj]:
    """Read the company, and who was let in as `Tokens.dump` wrote it; empty when the file says nothing."""
    data = with_step_log(loads(path.read_bytes()), path)
    return restore(data), data.get("access", {})


def save(company: Company, path: Path, *, access: Obj | None = None, step_log: int = 0) -> None:
    """Write the company beside its file and swap it in, so that a kill never leaves half a file.

    ``step_log``: the last line of the log of steps that the company holds already.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as file:
        file.write(dumps({**dump(company), "access": access or {}, "step_log": step_log}))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _moments(rows: dict[str, str]) -> dict[str, datetime]:
    return {identity: datetime.fromisoformat(text) for identity, text in rows.items()}


def _typed(record: Obj, table: Table) -> Obj:
    # Money that happens to be whole comes back from JSON as an integer; make it Decimal again.
    out: Obj = {}
    for name, value in record.items():
        field = table.get(name)
        shape = field.shape if field else None
        if shape is Shape.NUMBER or name in ("_opening", "_tax_override"):
            out[name] = None if value is None else Decimal(value)
        elif shape is Shape.PART and field is not None:
            out[name] = _typed(value, field.table)
        elif shape is Shape.ROWS and field is not None:
            out[name] = [_typed(row, field.table) for row in value]
        else:
            out[name] = value
    return out


def _post_again(company: Company) -> None:
    for kind, entity in ENTITIES.items():
        if entity.family is not Family.TXN:
            continue
        for identity, record in company.records[kind].items():
            for target, amount in RULES[kind].links(record).items():
                company.links[target][kind, identity] = amount
    items: set[str] = set()
    for item in company.all("Item"):
        if item["Type"] == "Inventory":
            inventory.open_stock(company, item)
            items.add(item["Id"])
    for kind, entity in ENTITIES.items():
        if entity.family is Family.TXN:
            for identity in company.records[kind]:
                settling.repost(company, (kind, identity))
    changes = company.changes
    inventory.recost(company, items)
    company.changes = changes
