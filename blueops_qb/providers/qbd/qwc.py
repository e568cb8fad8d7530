"""The .qwc file: tells the Web Connector where to call, as whom, how often, and by which mark it knows the company.

Facts: reference/quickbooks-desktop.md sections 1.6 and 2. The file is the same every time: QuickBooks asks its user
anew for another AppName, and the Web Connector refuses a second FileID for a company. It holds no password.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import attrs
from lxml import etree

from blueops_qb.sdk.calling import Caller, SetUpFile

#: The mark of this application in every company file; one for all versions and connections.
OWNER_ID = "055501B5-E56D-499E-BA01-C1033AA17C28"
DESCRIPTION = "Keeps BlueOps and QuickBooks equal"
#: The Web Connector's own pages take a minute at least, and a day is the longest that makes sense.
SHORTEST, LONGEST, USUAL = 1, 24 * 60, 15

_PERSONAL = {"not_needed": "pdpNotNeeded", "optional": "pdpOptional", "required": "pdpRequired"}
_UNATTENDED = {"optional": "umpOptional", "required": "umpRequired"}
_GUID = re.compile("[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")


@attrs.frozen(kw_only=True)
class QwcChoices:
    """What may be chosen; the schedule is a default that the user of the Web Connector can change."""

    every_minutes: int = USUAL
    #: The Web Connector keeps everything that writes away from QuickBooks.
    read_only: bool = False
    #: Whether we may see social security numbers and the like: not_needed, optional or required.
    personal_data: str = "not_needed"
    #: Whether it runs while QuickBooks is closed: optional or required.
    unattended: str = "optional"

    @classmethod
    def of(cls, choices: Mapping[str, str]) -> QwcChoices:
        """From texts; raises ValueError with a sentence that names the choice and what may be chosen."""
        unknown = set(choices) - {field.name for field in attrs.fields(cls)}
        if unknown:
            raise ValueError(f"There is no choice named {', '.join(sorted(unknown))} for the .qwc file.")
        minutes = choices.get("every_minutes", str(USUAL))
        if not minutes.isascii() or not minutes.isdigit() or not SHORTEST <= int(minutes) <= LONGEST:
            raise ValueError(
                f"The Web Connector can run every {SHORTEST} to {LONGEST} minutes, not every {minutes!r}."
            )
        for name, allowed in (
            ("read_only", ("yes", "no")),
            ("personal_data", tuple(_PERSONAL)),
            ("unattended", tuple(_UNATTENDED)),
        ):
            if choices.get(name, allowed[0]) not in allowed:
                raise ValueError(f"{name} is {choices[name]!r}; choose one of {', '.join(allowed)}.")
        return cls(
            every_minutes=int(minutes),
            read_only=choices.get("read_only") == "yes",
            personal_data=choices.get("personal_data", "not_needed"),
            unattended=choices.get("unattended", "optional"),
        )


def qwc_file(caller: Caller, *, gate_url: str, support_url: str, choices: QwcChoices) -> SetUpFile:
    """The file for a caller; raises ValueError for addresses that the Web Connector refuses."""
    check_addresses(gate_url=gate_url, support_url=support_url)
    if not _GUID.fullmatch(caller.company_id):
        raise ValueError(
            f"The mark of the company is {caller.company_id!r}, which is no GUID; connect it anew."
        )
    name = caller.user.rpartition("-")[2][:6].upper()
    root = etree.Element("QBWCXML")
    for tag, text in (
        ("AppName", f"BlueOps {name}"),
        ("AppID", ""),
        ("AppURL", gate_url),
        ("AppDescription", DESCRIPTION),
        ("AppSupport", support_url),
        ("UserName", caller.user),
        ("OwnerID", f"{{{OWNER_ID}}}"),
        ("FileID", f"{{{caller.company_id}}}"),
        ("QBType", "QBFS"),
        ("Style", "Document"),
        ("IsReadOnly", "true" if choices.read_only else "false"),
        ("PersonalDataPref", _PERSONAL[choices.personal_data]),
        ("UnattendedModePref", _UNATTENDED[choices.unattended]),
    ):
        etree.SubElement(root, tag).text = text
    scheduler = etree.SubElement(root, "Scheduler")
    etree.SubElement(scheduler, "RunEveryNMinutes").text = str(choices.every_minutes)
    content = b'<?xml version="1.0"?>\n' + etree.tostring(root, encoding="us-ascii", pretty_print=True)
    return SetUpFile(name=f"blueops-{name.lower()}.qwc", media_type="application/xml", content=content)


def check_addresses(*, gate_url: str, support_url: str) -> None:
    """Raise ValueError for addresses that the Web Connector refuses, naming its own code for that."""
    hosts = []
    for what, url in (("address that is called", gate_url), ("support page", support_url)):
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        if not host or parts.username or parts.fragment:
            raise ValueError(f"The {what}, {url!r}, is no web address.")
        if _is_ip(host):
            raise ValueError(
                f"The {what}, {url!r}, names an IP address; the Web Connector wants a name (QBWC1001)."
            )
        if parts.scheme != "https" and not (parts.scheme == "http" and host == "localhost"):
            raise ValueError(
                f"The {what}, {url!r}, is not https; plain http is for localhost only (QBWC1010)."
            )
        hosts.append(host)
    if hosts[0] != hosts[1]:
        raise ValueError(
            f"The address that is called is at {hosts[0]} and the support page at {hosts[1]}; the Web Connector wants "
            "both at the same host (QBWC1000)."
        )


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
