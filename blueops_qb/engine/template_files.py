"""Template files: those that are shipped, by the name of the trade, and an accountant's own, by its path."""

from __future__ import annotations

import importlib.resources
from pathlib import Path

from blueops_qb.domain.template import Template
from blueops_qb.domain.template_read import BadTemplate, read_template

#: The trades, in the order in which they are listed.
INDUSTRIES = ("plumbing", "hvac", "electrical", "general-contractor", "roofing")
_SHIPPED = (*INDUSTRIES, "common")


def text_of(name: str) -> str:
    """The text of a shipped template; raises KeyError."""
    if name not in _SHIPPED:
        raise KeyError(name)
    folder = importlib.resources.files("blueops_qb.engine").joinpath("templates")
    return folder.joinpath(f"{name}.toml").read_text("utf-8")


def load(name_or_path: str) -> Template:
    """The template of a trade, or of a file; raises BadTemplate."""
    if name_or_path in INDUSTRIES:
        return read_template(text_of(name_or_path), file=f"{name_or_path}.toml", find=text_of)
    path = Path(name_or_path)
    if path.suffix != ".toml" and not path.exists():
        raise BadTemplate(
            f"There is no template “{name_or_path}”; write one of {', '.join(INDUSTRIES)}, or the path of a TOML file"
        )
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise BadTemplate(
            f"{path}: it cannot be read ({problem}); write the path of a TOML file in UTF-8"
        ) from None
    return read_template(text, file=path.name, find=text_of)
