"""Reads plugin.toml: who a plugin is, what it fits, what it brings."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from blueops_qb.sdk import CONTRACT
from blueops_qb.sdk.core import Permission

#: The version of this host.
HOST_VERSION = "1.0.0"
FILE = "plugin.toml"
_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TABLE = re.compile(r"[a-z][a-z0-9_]{0,59}")
_ROUTE = re.compile(r"(/[a-z0-9_-]+)+")
_APP = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


class Unfit(Exception):
    """The plugin cannot be used here; the message says why, for the settings page."""


@attrs.frozen(kw_only=True)
class Manifest:
    """What plugin.toml says, checked."""

    folder: Path
    id: str
    name: str
    version: str
    hook_modules: tuple[str, ...]
    #: Its event hooks run in a savepoint of their own making, so that none is made around them.
    protects_itself: bool = False
    migrations: Path | None = None
    version_table: str = ""
    #: Where its pages are mounted behind core's login, and its gates outside it; empty = none.
    pages: str = ""
    gates: str = ""
    #: `module:callable` that answers (pages app, gates app) when it is called with core.
    app: str = ""
    permissions: Mapping[Permission, frozenset[str]] = attrs.field(factory=dict)

    @property
    def hooks(self) -> Path:
        """The folder with its hook modules."""
        return self.folder / "hooks"


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the plugin in a folder; raises Unfit with the reason."""
    try:
        raw = tomllib.loads((folder / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Unfit(f"there is no {FILE} in {folder}") from None
    except (OSError, ValueError) as problem:
        raise Unfit(f"{FILE} cannot be read: {problem}") from None
    section = _table(raw, "plugin")
    id = _text(section, "plugin.id", required=True)
    if not _ID.fullmatch(id):
        raise Unfit(f"plugin.id is {id!r}: it may hold a-z, digits and _ only, 40 characters at most")
    _check_fit(section)
    hooks, migrations, mount = _table(raw, "hooks"), _table(raw, "migrations"), _table(raw, "mount")
    return Manifest(
        folder=folder,
        id=id,
        name=_text(section, "plugin.name") or id,
        version=_text(section, "plugin.version", required=True),
        hook_modules=_names(hooks, "hooks.modules"),
        protects_itself=hooks.get("protects_itself") is True,
        migrations=_folder(folder, migrations),
        version_table=_version_table(migrations, id),
        pages=_route(mount, "mount.pages"),
        gates=_route(mount, "mount.gates"),
        app=_app(mount),
        permissions=_permissions(_table(raw, "permissions")),
    )


def _check_fit(section: dict[str, Any]) -> None:
    contract = section.get("contract")
    if contract != CONTRACT:
        raise Unfit(
            f"it is written for contract {contract}, this host has contract {CONTRACT}; install a fitting"
            " release"
        )
    wanted = _text(section, "plugin.host", required=True)
    try:
        fits = HOST_VERSION in SpecifierSet(wanted)
    except InvalidSpecifier:
        raise Unfit(f"plugin.host {wanted!r} is no range of versions; write it like >=1.0,<2") from None
    if not fits:
        raise Unfit(f"it needs a host {wanted}, this is {HOST_VERSION}; install a fitting release")


def _table(raw: dict[str, Any], name: str) -> dict[str, Any]:
    found = raw.get(name, {})
    if not isinstance(found, dict):
        raise Unfit(f"[{name}] is not a table")
    return found


def _text(section: dict[str, Any], path: str, *, required: bool = False) -> str:
    value = section.get(path.rpartition(".")[2], "")
    if not isinstance(value, str):
        raise Unfit(f"{path} is not a text")
    if required and not value:
        raise Unfit(f"{path} is missing")
    return value


def _names(section: dict[str, Any], path: str) -> tuple[str, ...]:
    names = section.get(path.rpartition(".")[2], [])
    if not isinstance(names, list) or not all(isinstance(n, str) and n.isidentifier() for n in names):
        raise Unfit(f"{path} is not a list of module names")
    return tuple(names)


def _folder(root: Path, section: dict[str, Any]) -> Path | None:
    name = _text(section, "migrations.folder")
    if not name:
        return None
    folder = (root / name).resolve()
    if not folder.is_relative_to(root.resolve()) or not (folder / "env.py").is_file():
        raise Unfit(f"migrations.folder {name!r} is no folder of the plugin with an env.py")
    return folder


def _version_table(section: dict[str, Any], id: str) -> str:
    table = _text(section, "migrations.version_table")
    if section.get("folder") and (not _TABLE.fullmatch(table) or table == "alembic_version"):
        raise Unfit(
            f"migrations.version_table is {table!r}: a plugin needs a table of its own for its revisions,"
            " such as"
            f" {id}_alembic_version, because two plugins on one table break each other"
        )
    return table


def _route(section: dict[str, Any], path: str) -> str:
    route = _text(section, path)
    if route and not _ROUTE.fullmatch(route):
        raise Unfit(f"{path} {route!r} is no path such as /settings/name")
    return route


def _app(section: dict[str, Any]) -> str:
    app = _text(section, "mount.app")
    if app and not _APP.fullmatch(app):
        raise Unfit(f"mount.app {app!r} is not written as package.module:callable")
    return app


def _permissions(section: dict[str, Any]) -> dict[Permission, frozenset[str]]:
    unknown = sorted(set(section) - set(Permission))
    if unknown:
        raise Unfit(f"[permissions] names {', '.join(unknown)}; known are {', '.join(Permission)}")
    for name, roles in section.items():
        if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
            raise Unfit(f"permissions.{name} is not a list of roles")
    return {Permission(name): frozenset(roles) for name, roles in section.items()}
