"""Certificate: what a run of agreement found, signed, so that it can be believed later without us.

A certificate is JSON in canonical form (sorted keys, no spaces, one line). Its sections hold the facts; the statement
holds the digest of each section, and the signature (Ed25519) is over the statement. So a changed byte is noticed, and
which section it is in is told. It holds ids and amounts, no name of a person, and the head of the audit log.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from itertools import islice
from typing import Any

import attrs
import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from blueops_qb import __version__
from blueops_qb.engine import agreement_figures
from blueops_qb.engine.agreement_runs import Run, RunState, run_of
from blueops_qb.engine.engine import Engine
from blueops_qb.engine.signing import NotAKey, exported, fingerprint, private_key
from blueops_qb.sdk import CONTRACT
from blueops_qb.store import tables as t

FORM = "blueops-qb agreement certificate"
VERSION = 1
#: Differences that are written out; the digest in the figures is over all of them.
MOST = 1000
BASIS = {
    "ledger": "the books' own ledger, read line by line, accrual basis",
    "documents": "documents only: the books' ledger cannot be read, so each document of BlueOps was compared with"
    " the books' document and nothing is said of what else the books hold",
}


class NotACertificate(ValueError):
    """A file is no certificate of ours: a sentence with the cause."""


@attrs.frozen(kw_only=True)
class Verified:
    """What the check of a certificate found; `problems` name every section that does not hold."""

    ok: bool
    problems: tuple[str, ...]
    key: str = ""
    #: Signed by the key that the reader holds; False where none was given.
    trusted: bool = False
    sections: Mapping[str, Any] = attrs.field(factory=dict)


# -- issuing -------------------------------------------------------------------------------------------
def issue(engine: Engine, connection_id: str, run_id: int) -> str:
    """The certificate of a finished run, made once and then kept. Raises LookupError and NotACertificate."""
    r = t.agreement_runs
    key = private_key(engine.core)
    with engine.turns.open(connection_id) as turn:
        assert turn is not None
        run = run_of(turn.connection, connection_id, run_id)
        if run.certificate:
            return run.certificate
        if run.state is not RunState.DONE:
            raise NotACertificate(
                f"the agreement {run_id} is {run.state.value}; only a finished one is certified"
            )
        text = sign(_sections(turn, run), key)
        turn.connection.execute(r.update().where(r.c.id == run_id).values(certificate=text))
        digest = hashlib.sha256(text.encode()).hexdigest()
        turn.note("certificate", f"connection {connection_id}", numbers=f"agreement {run_id} {digest}")
    return text


def _sections(turn: Any, run: Run) -> dict[str, Any]:
    connection, row = turn.connection, turn.row
    figures = {name: value for name, value in run.figures.items() if name not in ("balances",)}
    h = t.audit_heads
    head = connection.execute(
        sa.select(h.c.seq, h.c.mac).where(h.c.tenant_id == turn.tenant_id)
    ).one_or_none()
    found, accepted = (
        agreement_figures.findings(connection, run.id, sort)
        for sort in (agreement_figures.DIFFERENCE, agreement_figures.ACCEPTED)
    )
    return {
        "about": {
            "tenant": turn.tenant_id,
            "provider": row["provider"],
            "company": row["company_id"],
            "connection": turn.id,
            "currency": turn.profile.currency,
            "run": str(run.id),
        },
        "period": {
            "from": run.start.isoformat(),
            "to": run.end.isoformat(),
            "facts_from": run.facts_from.isoformat() if run.facts_from else "",
            "made_at": turn.now.isoformat(),
        },
        "basis": {
            "rests_on": run.rests_on,
            "meaning": BASIS[run.rests_on],
            "not_certified": not_certified(run.figures),
            "accepted": accepted_words(run.figures),
        },
        "figures": figures,
        "accounts": [
            {
                "account": one.account,
                "expected": str(one.expected),
                "held": str(one.held),
                "besides": str(one.besides),
                "explained": str(one.explained),
                "difference": str(one.difference),
            }
            for one in agreement_figures.accounts(connection, run.id)
        ],
        "differences": [_told(one) for one in islice(found, MOST)],
        # What people left as it is, each named with who did: no difference that stands in the way, and no agreement.
        "accepted": [{**_told(one), **_accepted(one)} for one in islice(accepted, MOST)],
        "audit": {"seq": head.seq if head else 0, "mac": head.mac if head else ""},
        "versions": {
            "plugin": __version__,
            "contract": CONTRACT,
            "mapping": row["mapping_version"],
            "policy": row["policy_version"],
        },
    }


def _told(one: agreement_figures.Finding) -> dict[str, str]:
    return {
        "kind": one.kind,
        "ref": one.ref,
        "books": one.books,
        "amount": str(one.amount),
        "sentence": one.sentence,
    }


def _accepted(one: agreement_figures.Finding) -> dict[str, str]:
    """Who accepted it (the id of a user of core), when and why."""
    said = one.lines.get("accepted", {})
    return {name: str(said.get(name, "")) for name in ("by", "at", "why")}


def accepted_words(figures: Mapping[str, Any]) -> str:
    """That what people accepted is no agreement; empty where there is none."""
    count = int(figures.get("accepted", 0))
    if not count:
        return ""
    return (
        "1 difference that a person accepted is no agreement; each is named"
        if count == 1
        else f"{count} differences that people accepted are no agreement; each is named"
    )


def not_certified(figures: Mapping[str, Any]) -> str:
    """What nothing is said of; empty where everything was compared."""
    parts = [
        (figures.get("moving", 0), "on their way when the books were asked"),
        (figures.get("not_told", 0), "of a record that cannot be posted as it is now"),
    ]
    return "; ".join(f"{count} documents {words}" for count, words in parts if count)


def sign(sections: Mapping[str, Any], key: Ed25519PrivateKey) -> str:
    """The certificate's text, canonical and signed."""
    public = key.public_key()
    statement = {
        "form": FORM,
        "version": VERSION,
        "key": fingerprint(public),
        "sections": {name: _digest(value) for name, value in sections.items()},
    }
    signature = key.sign(canonical(statement).encode())
    whole = {
        "statement": statement,
        "sections": dict(sections),
        "key": exported(public),
        "signature": base64.b64encode(signature).decode(),
    }
    return canonical(whole) + "\n"


# -- checking ------------------------------------------------------------------------------------------
def verify(text: str | bytes, *, key: str | None = None) -> Verified:
    """Check a certificate by itself; `key` is the public key (PEM) that must have signed it.

    Needs no database. Raises NotACertificate for what is none at all, and NotAKey for a key that is none.
    """
    trusted = _public(key) if key is not None else None
    raw = text.encode() if isinstance(text, str) else text
    whole = _parsed(raw)
    problems: list[str] = []
    if (canonical(whole) + "\n").encode() != raw:
        problems.append("form: the file is not byte for byte as it was issued (spaces, order or ending)")
    statement, sections = whole["statement"], whole["sections"]
    try:
        own = _public(str(whole["key"]))
    except NotAKey as problem:
        problems.append(f"key: {problem}")
        own = None
    signer = trusted or own
    if own is not None and str(whole["key"]) != exported(own):
        problems.append("key: it is not written as it was issued")
    if trusted is not None and own is not None and fingerprint(trusted) != fingerprint(own):
        problems.append(
            f"key: it names {fingerprint(own)}, not the key that was given, {fingerprint(trusted)}"
        )
    if signer is not None:
        problems += _signature(whole, statement, signer)
    problems += _altered(statement, sections)
    return Verified(
        ok=not problems,
        problems=tuple(problems),
        key=str(statement.get("key", "")),
        trusted=trusted is not None and not problems,
        sections=sections,
    )


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        whole = json.loads(raw.decode("utf-8"))
        canonical(whole).encode()  # no half characters, which JSON can spell and nobody can write
    except (ValueError, RecursionError) as problem:
        raise NotACertificate(f"the file is not JSON any more: {problem}") from None
    wanted = {"statement": dict, "sections": dict, "key": str, "signature": str}
    if not isinstance(whole, dict) or set(whole) != set(wanted):
        raise NotACertificate(f"the file is no certificate: it must hold {', '.join(sorted(wanted))}")
    for name, kind in wanted.items():
        if not isinstance(whole[name], kind):
            raise NotACertificate(f"the file is no certificate: its {name} is not what it should be")
    statement = whole["statement"]
    if statement.get("form") != FORM or statement.get("version") != VERSION:
        raise NotACertificate(
            f"the file says it is {statement.get('form')!r}, version {statement.get('version')!r};"
            f" this program checks {FORM!r}, version {VERSION}"
        )
    return dict(whole)


def _signature(whole: Mapping[str, Any], statement: Mapping[str, Any], signer: Ed25519PublicKey) -> list[str]:
    if statement.get("key") != fingerprint(signer):
        return [f"statement: it names the key {statement.get('key')}, not {fingerprint(signer)}"]
    try:
        signer.verify(base64.b64decode(whole["signature"], validate=True), canonical(statement).encode())
    except (InvalidSignature, binascii.Error):
        return ["signature: it does not fit the statement; statement or signature was altered"]
    if base64.b64encode(base64.b64decode(whole["signature"])).decode() != whole["signature"]:
        return ["signature: it is not written as it was issued"]
    return []


def _altered(statement: Mapping[str, Any], sections: Mapping[str, Any]) -> list[str]:
    told = statement.get("sections")
    if not isinstance(told, dict):
        return ["statement: it names no sections"]
    both = [name for name in told if name in sections]
    problems = [f"{n}: this section was altered" for n in both if _digest(sections[n]) != told[n]]
    problems += [f"{name}: this section was taken out" for name in told if name not in sections]
    problems += [f"{name}: this section was put in" for name in sections if name not in told]
    return problems


def _public(text: str) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise NotAKey("it is no public key in PEM form; `blueops-qb agree key` prints ours") from None
    if not isinstance(key, Ed25519PublicKey):
        raise NotAKey("it is a public key of another kind; certificates are signed with Ed25519")
    return key


def canonical(value: Any) -> str:
    """JSON in the one form that is signed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _digest(value: Any) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()
