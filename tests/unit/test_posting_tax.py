"""Sales tax on invoices: prices that hold it, several places, certificates; and invoices below zero."""

import attrs

from blueops_qb.domain.documents import CreditMemo
from blueops_qb.domain.records import LineKind, TaxExemption
from tests.plumbing import CALL, CUSTOMER, KITS, D, blocked, booked, company, document, invoice, simple_line


def test_an_invoice_below_zero_is_a_credit_memo_of_the_opposite() -> None:
    record = invoice(
        simple_line(LineKind.MATERIAL, "pipe_fittings", "-100.00", taxable=True),
        simple_line(LineKind.SERVICE, "repair", "20.00", id="2"),
        total="-88.25",
        tax="-8.25",
    )
    sent = document(record)
    assert isinstance(sent, CreditMemo)
    assert [line.amount for line in sent.lines] == [D("100.00"), D("-20.00")]
    assert (sent.tax, sent.total) == (D("8.25"), D("88.25"))
    assert booked(record) == [
        ("1100", D("-88.25")),
        ("2200", D("8.25")),
        ("4010", D("-20.00")),
        ("4110", D("100.00")),
    ]


def test_prices_with_tax_are_sent_net_and_the_gross_survives() -> None:
    lines = [
        attrs.evolve(KITS, line_id=str(n), quantity=D(1), unit_price=D("9.99"), amount=D("9.99"))
        for n in range(3)
    ]
    record = invoice(*lines, total="29.97", tax_percent=D("8.25"), prices_include_tax=True)
    sent = document(record)
    assert [line.amount for line in sent.lines] == [D("9.23")] * 3
    assert (sent.tax, sent.total) == (D("2.28"), D("29.97"))


def test_an_invoice_that_is_taxed_in_two_places_is_held() -> None:
    far = attrs.evolve(KITS, line_id="9", tax_key="ca_county")
    record = invoice(KITS, far, total="118.38", tax="4.68", tax_key="nv_county")
    answer = blocked(record)
    assert "taxed in more than one place (ca_county, nv_county)" in answer.reason
    assert "two invoices" in answer.remedy


def test_a_resale_certificate_frees_goods_and_no_services() -> None:
    resale = attrs.evolve(CUSTOMER, exemption=TaxExemption(reason=9, certificate="R-1"))
    record = invoice(KITS, attrs.evolve(CALL, taxable=True), total="115.85")
    goods, call = document(record, company(resale)).lines
    assert (goods.taxable, call.taxable) == (False, True)
