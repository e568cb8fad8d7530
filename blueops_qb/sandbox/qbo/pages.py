"""Renders the twin's own pages from the templates beside it."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_HERE = Path(__file__).parent


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["money"] = money_text
    return environment


def render(template: str, **values: object) -> str:
    """One page as HTML."""
    return _environment().get_template(template).render(**values)


@cache
def stylesheet() -> bytes:
    """The one style sheet of the pages."""
    return (_HERE / "static" / "books.css").read_bytes()


def money_text(amount: object) -> str:
    """An amount as people read it: ``1,234.50``."""
    return f"{amount if isinstance(amount, Decimal) else Decimal(str(amount or 0)):,.2f}"
