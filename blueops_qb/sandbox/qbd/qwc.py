"""The .qwc file: read, and judged by the rules that the Web Connector has for an application that is added."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from urllib.parse import urlsplit

import attrs
from lxml import etree

_GUID = re.compile(r"\{[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}$")
_REQUIRED = ("AppName", "AppURL", "AppDescription", "AppSupport", "UserName", "OwnerID", "FileID", "QBType")
_STYLES = ("Document", "DocWrapped", "RPC")


class QwcError(ValueError):
    """The Web Connector would not add this application; the text begins with its code where it has one."""


@attrs.frozen(kw_only=True)
class Application:
    """What the Web Connector knows of an application."""

    name: str
    url: str
    support: str
    user: str
    owner_id: str
    file_id: str
    #: seconds between two sessions, 0 where the file sets no schedule
    every: int = 0
    read_only: bool = False


def read_qwc(path: Path) -> Application:
    """The application of a file; raises QwcError where a rule of the reference is broken."""
    try:
        root = etree.fromstring(path.read_bytes(), etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise QwcError(f"{path}: it is not well-formed XML ({error})") from None
    if root.tag != "QBWCXML":
        raise QwcError(f"{path}: the root is {root.tag!s}, not QBWCXML")
    values = {str(child.tag): (child.text or "").strip() for child in root}
    if "AppID" not in values:
        raise QwcError(f"{path}: AppID is missing; it may be empty")
    for name in _REQUIRED:
        if not values.get(name):
            raise QwcError(f"{path}: {name} is missing")
    for name in ("OwnerID", "FileID"):
        if not _GUID.match(values[name]):
            raise QwcError(f"{path}: {name} {values[name]!r} is no GUID in braces")
    if values["QBType"] != "QBFS":
        raise QwcError(f"{path}: QBType {values['QBType']!r} is not QBFS")
    if values.get("Style", "Document") not in _STYLES:
        raise QwcError(f"{path}: Style {values['Style']!r} is none of {', '.join(_STYLES)}")
    _check_hosts(path, values["AppURL"], values["AppSupport"])
    return Application(
        name=values["AppName"],
        url=values["AppURL"],
        support=values["AppSupport"],
        user=values["UserName"],
        owner_id=values["OwnerID"],
        file_id=values["FileID"],
        every=_every(path, root),
        read_only=values.get("IsReadOnly", "false") == "true",
    )


def _check_hosts(path: Path, url: str, support: str) -> None:
    for name, text, code in (("AppURL", url, "QBWC1001"), ("AppSupport", support, "QBWC1002")):
        parts = urlsplit(text)
        host = parts.hostname or ""
        if _is_address(host):
            raise QwcError(f"{code}: {path}: {name} {text!r} names an IP address")
        if parts.scheme != "https" and not (parts.scheme == "http" and host == "localhost"):
            raise QwcError(f"QBWC1010: {path}: {name} {text!r} is not https")
    if urlsplit(url).hostname != urlsplit(support).hostname:
        raise QwcError(f"QBWC1000: {path}: the hosts of AppURL and AppSupport differ")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _every(path: Path, root: etree._Element) -> int:
    schedule = root.find("Scheduler")
    for child in schedule if schedule is not None else ():
        factor = {"RunEveryNMinutes": 60, "RunEveryNSeconds": 1}.get(str(child.tag))
        if factor is not None:
            text = (child.text or "").strip()
            if not text.isdigit() or not int(text):
                raise QwcError(f"{path}: {child.tag!s} {text!r} is no number of at least 1")
            return int(text) * factor
    return 0
