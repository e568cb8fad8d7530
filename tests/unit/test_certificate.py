"""A certificate verifies by itself; any byte that is not as it was issued is noticed, and its section named."""

import json
import random

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from blueops_qb.engine.certificate import NotACertificate, canonical, sign, verify
from blueops_qb.engine.signing import NotAKey, exported

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
SECTIONS = {
    "period": {"from": "2026-03-01", "to": "2026-03-31"},
    "figures": {"documents": 12, "differences": 0},
    "accounts": [{"account": "5", "expected": "10.00", "held": "10.00"}],
    "audit": {"seq": 7, "mac": "ab" * 32},
    "words": {"said": "“ä” and \\ and /"},
}
TEXT = sign(SECTIONS, KEY)
PUBLIC = exported(KEY.public_key())


def altered(**changes: object) -> str:
    whole = json.loads(TEXT)
    whole.update(changes)
    return canonical(whole) + "\n"


def test_it_verifies_as_issued_with_and_without_the_key() -> None:
    alone, with_key = verify(TEXT), verify(TEXT.encode(), key=PUBLIC)
    assert (alone.ok, alone.trusted, alone.problems) == (True, False, ())
    assert (with_key.ok, with_key.trusted) == (True, True)
    assert with_key.sections == SECTIONS
    assert sign(SECTIONS, KEY) == TEXT, "the same facts give the same bytes"


def test_every_single_byte_counts() -> None:
    raw = TEXT.encode()
    chance = random.Random(7)
    unnoticed = []
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 1 << chance.randrange(7)
        try:
            found = verify(bytes(changed), key=PUBLIC)
        except NotACertificate:
            continue
        if found.ok or not found.problems:
            unnoticed.append(place)
    assert unnoticed == []
    for shorter in (raw[:-1], raw[:-2], raw[1:], raw + b" ", raw + b"\n", b" " + raw):
        try:
            assert not verify(shorter, key=PUBLIC).ok
        except NotACertificate:
            continue


@pytest.mark.parametrize("name", SECTIONS)
def test_the_section_that_was_altered_is_named(name: str) -> None:
    changed = altered(sections={**SECTIONS, name: {"differences": 0}})
    assert verify(changed, key=PUBLIC).problems == (f"{name}: this section was altered",)
    less = altered(sections={k: v for k, v in SECTIONS.items() if k != name})
    assert verify(less).problems == (f"{name}: this section was taken out",)


def test_what_was_put_in_or_laid_out_anew_is_named() -> None:
    more = altered(sections={**SECTIONS, "more": 1})
    assert verify(more).problems == ("more: this section was put in",)
    pretty = json.dumps(json.loads(TEXT), indent=1)
    assert verify(pretty).problems == (
        "form: the file is not byte for byte as it was issued (spaces, order or ending)",
    )
    twice = TEXT.replace('"sections":', '"sections":{},"sections":', 1)
    assert not verify(twice).ok


def test_a_statement_of_other_digests_does_not_fit_the_signature() -> None:
    statement = json.loads(TEXT)["statement"]
    statement["sections"]["figures"] = "0" * 64
    (first, second) = verify(altered(statement=statement)).problems
    assert first.startswith("signature: it does not fit the statement")
    assert second == "figures: this section was altered"


def test_signed_anew_by_somebody_else_it_is_found_by_whoever_holds_the_key() -> None:
    forged = sign({**SECTIONS, "figures": {"differences": 0}}, OTHER)
    assert verify(forged).ok, "it is a sound certificate, only not ours"
    assert not verify(forged).trusted
    found = verify(forged, key=PUBLIC)
    assert not found.ok
    assert any(problem.startswith("key: it names") for problem in found.problems)
    grafted = altered(key=exported(OTHER.public_key()))
    assert not verify(grafted).ok
    assert not verify(grafted, key=PUBLIC).ok


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "no JSON",
        '{"a":"\\ud800"}',
        '{"statement":{},"sections":{},"key":"","signature":""}',
        "\udcff",
    ],
)
def test_what_is_no_certificate_is_said_to_be_none(text: str) -> None:
    with pytest.raises(NotACertificate):
        verify(text.encode("utf-8", "surrogatepass"))


def test_a_newer_form_is_not_guessed_at() -> None:
    statement = {**json.loads(TEXT)["statement"], "version": 2}
    with pytest.raises(NotACertificate, match="version 2"):
        verify(altered(statement=statement))


def test_a_key_must_be_a_public_key_of_the_right_kind() -> None:
    elliptic = generate_private_key(SECP256R1()).public_key()
    pem = elliptic.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    for key in ("nothing", pem):
        with pytest.raises(NotAKey):
            verify(TEXT, key=key)
    assert verify(altered(key=pem)).problems[0].startswith("key: it is a public key of another kind")
