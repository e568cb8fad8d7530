"""Checking a template before any books are seen: sentences that name the row, what is wrong with it, and what to do.

Each check is a function from a template to sentences; `CHECKS` lists them (accounting-treatments sections 15 to 17).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from blueops_qb.domain.list_entries import AccountType, ItemKind
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.mapping_lint import NO_INCOME_FEES, ROLE_TYPES
from blueops_qb.domain.naming import name_key
from blueops_qb.domain.template import SYSTEM, AccountRow, ItemRow, MappingRow, Template

#: Longest number of an account, and the fewest characters of a name that any of the books keeps.
NUMBER, SHORT, NAME = 7, 31, 100
_FORBIDDEN = ':"'
_INCOME = frozenset({AccountType.INCOME, AccountType.OTHER_INCOME})
#: The families that lead to an account, to an item, or to either.
_TO_ACCOUNT = frozenset({Family.ROLE, Family.MONEY_ACCOUNT})
_TO_ITEM = frozenset({Family.SERVICE, Family.MATERIAL_SOLD, Family.FEE})
_TO_EITHER = frozenset({Family.MATERIAL_COST, Family.EXPENSE, Family.COST_CODE})


def problems(template: Template) -> Iterator[str]:
    """Every sentence, the most basic ones first."""
    for check in CHECKS:
        yield from check(template)


def _twice(template: Template) -> Iterator[str]:
    said = (
        ("account", "number", [row.number for row in template.accounts]),
        ("account", "name", [name_key(row.name) for row in template.accounts]),
        ("item", "name", [name_key(row.name) for row in template.items]),
        ("class", "name", [name_key(row.name) for row in template.classes]),
        ("mapping", "family and key", [row.label for row in template.mappings]),
        ("option", "name", [option.name for option in template.options]),
    )
    for part, what, values in said:
        for value in (one for one, count in Counter(values).items() if count > 1):
            yield (
                f"two {part} rows have the {what} “{value}”; take one out, or name the row of the template that it "
                "extends in “leave_out”"
            )


def _names(template: Template) -> Iterator[str]:
    for row in template.rows:
        if not row.name or set(row.name + row.short) & set(_FORBIDDEN) or len(row.name) > NAME:
            yield (
                f"{row.key}: its name may not be empty, longer than {NAME} characters, or hold a colon or quote; "
                "change it"
            )
        if len(row.name) > SHORT and not row.short:
            yield (
                f"{row.key}: “{row.name}” has {len(row.name)} characters and QuickBooks Desktop keeps {SHORT}; give it "
                "a “short” name beside the long one"
            )
        if len(row.short) > SHORT:
            yield f"{row.key}: its short name has {len(row.short)} characters; shorten it to {SHORT}"
    for account in template.accounts:
        if not account.number.isalnum() or len(account.number) > NUMBER:
            yield f"{account.key}: a number has 1 to {NUMBER} letters and digits; change it"
        if account.system and account.system not in SYSTEM:
            yield f"{account.key}: “{account.system}” is no system account; write one of {', '.join(SYSTEM)}"
        wanted = {AccountType.RECEIVABLE: "ar", AccountType.PAYABLE: "ap"}.get(account.type)
        if wanted and account.system != wanted:
            yield (
                f"{account.key}: there must never be a second account of the type {account.type.value}; write "
                f'system = "{wanted}" in its row, so that the one in the books is taken'
            )


def _options(template: Template) -> Iterator[str]:
    known = {option.name for option in template.options}
    rows: Iterable[tuple[str, str]] = (
        *((row.key, row.option) for row in template.rows),
        *((f"mapping row {row.label}", row.option) for row in template.mappings),
        *(("“with”", name) for name in template.chosen),
    )
    for key, option in rows:
        if option and option not in known:
            yield (
                f"{key}: there is no option “{option}”; add a row for it to “option”, or write one of "
                f"{', '.join(sorted(known)) or 'none'}"
            )


def _accounts_of_items(template: Template) -> Iterator[str]:
    accounts = {row.number: row for row in template.accounts}
    for item in template.items:
        if not item.accounts:
            yield f"{item.key}: it has neither “income” nor “cost”; give it the number of an account"
        for number in item.accounts:
            if number not in accounts:
                yield f"{item.key}: there is no account {number} in the template; add its row, or write another number"
            else:
                yield from _comes_too(item.key, item.option, accounts[number], template)
        if item.kind is ItemKind.DISCOUNT and (item.cost or not item.income):
            yield f"{item.key}: a discount has “income” and no “cost”, as it is never bought; change it"


def _targets(template: Template) -> Iterator[str]:
    accounts = {row.number: row for row in template.accounts}
    items = {row.name: row for row in template.items}
    classes = {row.name: row for row in template.classes}
    for row in template.mappings:
        where = f"mapping row {row.label}"
        fitting = (
            "account"
            if row.family in _TO_ACCOUNT
            else "item"
            if row.family in _TO_ITEM
            else "class"
            if row.family is Family.CLASS
            else "account or item"
            if row.family in _TO_EITHER
            else ""
        )
        led = [
            name
            for name in ("account", "item", "class")
            if getattr(row, "class_" if name == "class" else name)
        ]
        if not fitting:
            yield f"{where}: a template maps no keys of the family {row.family.value}; take the row out"
        elif not any(name in fitting for name in led) or {"account", "item"} <= set(led):
            yield f"{where}: it must lead to one {fitting}; write it"
        for number in filter(None, (row.account,)):
            if number not in accounts:
                yield f"{where}: there is no account {number} in the template; add its row, or write another number"
            else:
                yield from _comes_too(where, row.option, accounts[number], template)
        if row.item and row.item not in items:
            yield f"{where}: there is no item “{row.item}” in the template; add its row, or write another name"
        elif row.item:
            yield from _comes_too(where, row.option, items[row.item], template)
        if row.class_ and row.class_ not in classes:
            yield f"{where}: there is no class “{row.class_}” in the template; add its row, or write another name"


def _comes_too(where: str, option: str, named: AccountRow | ItemRow, template: Template) -> Iterator[str]:
    """What a row names must come whenever the row does."""
    always = named.option in ("", option, *template.chosen)
    if not always:
        yield (
            f"{where}: it names {named.key}, which comes with the option “{named.option}” only; give the row that "
            "option too, or name the option in “with”"
        )


def _balance_sheet(template: Template) -> Iterator[str]:
    """Deposits, retainage and holdbacks are no income."""
    accounts = {row.number: row for row in template.accounts}
    items = {row.name: row for row in template.items}
    for row in template.mappings:
        item = items.get(row.item)
        account = accounts.get(item.income) if item is not None else None
        why = NO_INCOME_FEES.get(row.key) if row.family is Family.FEE else None
        if why and account is not None and account.type in _INCOME:
            yield (
                f"mapping row {row.label}: it leads to {account.key} “{account.name}”, which is income, but {why}; "
                f"give {items[row.item].key} an account of the balance sheet"
            )


def _duties(template: Template) -> Iterator[str]:
    accounts = {row.number: row for row in template.accounts}
    for row in template.mappings:
        account = accounts.get(row.account)
        fitting = ROLE_TYPES.get(row.key) if row.family is Family.ROLE else None
        if account is not None and fitting is not None and _squeezed(account.type) not in fitting:
            yield (
                f"mapping row {row.label}: it leads to {account.key} of the type {account.type.value}, which cannot "
                "bear this duty; write an account of the right type"
            )
        yield from _taxed(row)


def _taxed(row: MappingRow) -> Iterator[str]:
    if row.family is Family.FEE and row.key == "deposit" and row.taxable:
        yield (
            f"mapping row {row.label}: a deposit is not taxed, as the invoice is; write taxable = false, or leave it "
            "out"
        )


def _squeezed(type_: AccountType) -> str:
    return type_.value.replace(" ", "").casefold()


#: Every check, in the order in which they are asked.
CHECKS: tuple[Callable[[Template], Iterator[str]], ...] = (
    _twice,
    _names,
    _options,
    _accounts_of_items,
    _targets,
    _balance_sheet,
    _duties,
)
