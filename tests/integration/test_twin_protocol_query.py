"""The query language of the twin, line by line of reference/quickbooks-online.md section 5."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from blueops_qb.sandbox.qbo.entities import ENTITIES, Family
from tests.twin_calls import Caller, calling, invoice, sales_line


@pytest.fixture(scope="module")
def seeded() -> Iterator[Caller]:
    """A twin that no test of this module changes."""
    with calling() as caller:
        yield caller


@pytest.fixture
def qbo() -> Iterator[Caller]:
    with calling() as caller:
        yield caller


def ids(caller: Caller, statement: str, kind: str) -> list[str]:
    return [row["Id"] for row in caller.query(statement).get(kind, [])]


# --- words --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM Customer WHERE Metadata.LastUpdatedTime >= '2020-01-01T00:00:00Z' ORDER BY "
        "Metadata.LastUpdatedTime ASC STARTPOSITION 1 MAXRESULTS 5",
        "select * from customer where metadata.lastupdatedtime >= '2020-01-01T00:00:00.000-0800' "
        "orderby metadata.lastupdatedtime startposition 1 maxresults 5;",
        "Select *\n  From CUSTOMER\n  Where METADATA.LASTUPDATEDTIME >= '2020-01-01' StartPosition 1 MaxResults 5",
    ],
)
def test_keywords_entities_and_properties_have_no_case(seeded: Caller, statement: str) -> None:
    assert ids(seeded, statement, "Customer") == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize("mark", ["\u2018", "\u2019", "\u201c", "\u201d"])
def test_quotation_marks_of_word_processors_break_the_lexer_even_in_a_literal(
    seeded: Caller, mark: str
) -> None:
    code, error = seeded.fault(
        "GET", "/query", query=f"select * from Customer where DisplayName = 'O{mark}L'"
    )
    assert (code, error["Message"]) == ("4000", "Error parsing query")
    assert "Lexical error" in error["Detail"]


def test_backslash_escapes_a_quote_and_itself(qbo: Caller) -> None:
    made = qbo.create("Customer", {"DisplayName": "Back\\slash 'n quote"})
    assert ids(qbo, "select * from Customer where DisplayName = 'back\\\\SLASH \\'n quote'", "Customer") == [
        made["Id"]
    ]
    assert ids(qbo, "select * from Customer where DisplayName like '%\\\\slash \\'n%'", "Customer") == [
        made["Id"]
    ]


def test_any_property_may_be_compared_with_a_pattern(seeded: Caller) -> None:
    everyone = seeded.query("select count(*) from Customer")
    for name in ("Active", "Balance", "MetaData.CreateTime", "PrimaryEmailAddr"):
        assert seeded.query(f"select count(*) from Customer where {name} like '%e%'") in (
            everyone,
            {"totalCount": 0},
            {"totalCount": 25},
        )


def test_only_percent_is_a_wildcard(qbo: Caller) -> None:
    for name in ("Under_score", "UnderXscore", "Under.score"):
        qbo.create("Customer", {"DisplayName": name})
    found = qbo.query("select * from Customer where DisplayName like 'under_%'")["Customer"]
    assert [row["DisplayName"] for row in found] == ["Under_score"]
    assert qbo.query("select count(*) from Customer where DisplayName like '%er%score'")["totalCount"] == 3
    assert qbo.query("select count(*) from Customer where DisplayName like 'core'")["totalCount"] == 0


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("select * from Invoice where DocNumber <> '1'", ">"),
        ("select * from Invoice where not DocNumber = '1'", "not found"),
        ("select * from Invoice, Customer", "','"),
        ("select * from Invoice group by DocNumber", "group"),
        ("select count(*) from (select * from Invoice)", "'('"),
        ("select * from Invoice where DocNumber in ()", "value"),
        ("select * from Invoice where DocNumber like 5", "string"),
        ("select * from Invoice where DocNumber = 1001x", "unreadable"),
        ("select * from Invoice where DocNumber = 'open", "unreadable"),
        ("select * from Invoice maxresults 0", "Min allowed value is 1"),
        ("select * from Invoice startposition -1", "Min allowed value is 1"),
        ("select * from Invoice maxresults 5 startposition 2", "startposition"),
        ("select Nonsense from Invoice", "Property Nonsense not found"),
        ("select * from Invoice orderby Line", "not sortable"),
        ("select * from Invoice orderby Nonsense", "Property Nonsense not found"),
        ("select * from Customer where Active = 'perhaps'", "no value for Active"),
        ("select * from Invoice where TxnDate > 'soon'", "no value for TxnDate"),
    ],
)
def test_what_the_grammar_lacks_is_refused(seeded: Caller, statement: str, words: str) -> None:
    code, error = seeded.fault("GET", "/query", query=statement)
    assert code in ("4000", "4001")
    assert words in error["Detail"]


def test_properties_may_be_named_but_all_come_back(seeded: Caller) -> None:
    row = seeded.query("select Id, DisplayName from Customer maxresults 1")["Customer"][0]
    assert {"Id", "DisplayName", "SyncToken", "BillAddr"} <= set(row)
    assert seeded.query("select *, Sku from Item maxresults 1")["Item"]


# --- what may be filtered -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [k for k, e in ENTITIES.items() if "query" in e.operations])
def test_ids_and_times_are_filterable_everywhere(seeded: Caller, kind: str) -> None:
    for name in ("Id", "MetaData.CreateTime", "MetaData.LastUpdatedTime"):
        value = "1" if name == "Id" else "2020-01-01T00:00:00Z"
        assert "totalCount" in seeded.query(f"select count(*) from {kind} where {name} >= '{value}'")


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (
            "Customer",
            "DisplayName GivenName MiddleName FamilyName CompanyName PrintOnCheckName FullyQualifiedName "
            "PrimaryEmailAddr Active Balance",
        ),
        ("Vendor", "DisplayName GivenName FamilyName CompanyName PrintOnCheckName Active Balance"),
        ("Invoice", "CustomerRef DocNumber TxnDate DueDate Balance SalesTermRef"),
        ("Payment", "CustomerRef TxnDate"),
        ("Bill", "VendorRef DocNumber TxnDate DueDate Balance"),
        ("Purchase", "DocNumber TxnDate PaymentType"),
        ("Item", "Name Sku Type Active"),
        ("Account", "Name AccountType AccountSubType Classification Active"),
        *(
            (kind, "Active")
            for kind in ("Class", "Department", "Term", "PaymentMethod", "TaxCode", "TaxRate")
        ),
        ("Employee", "Active"),
    ],
)
def test_filterable_properties(seeded: Caller, kind: str, names: str) -> None:
    values = {"Active": "true", "Balance": "'0'", "TxnDate": "'2026-01-01'", "DueDate": "'2026-01-01'"}
    for name in names.split():
        answer = seeded.query(f"select count(*) from {kind} where {name} = {values.get(name, chr(39) * 2)}")
        assert "totalCount" in answer, name


@pytest.mark.parametrize(
    "place",
    [
        *("Invoice.DepartmentRef", "Invoice.PrivateNote", "Invoice.Line", "Invoice.CustomField"),
        *("Invoice.Line.Amount", "Invoice.TotalAmt", "Payment.DocNumber", "Payment.PrivateNote"),
        *("Purchase.AccountRef", "Purchase.DepartmentRef", "Purchase.EntityRef", "Bill.PrivateNote"),
        *("Customer.Notes", "Customer.BillAddr.City", "Customer.ParentRef", "Item.UnitPrice"),
    ],
)
def test_what_is_not_filterable(seeded: Caller, place: str) -> None:
    kind, _, name = place.partition(".")
    code, error = seeded.fault("GET", "/query", query=f"select * from {kind} where {name} = '1'")
    assert code == "4001"
    assert (
        f"property '{name}' is not queryable" in error["Detail"] or "not found for Entity" in error["Detail"]
    )


def test_a_reference_is_compared_by_its_id_and_an_address_by_its_text(seeded: Caller) -> None:
    statement = "select * from Customer where PrimaryEmailAddr = 'CUSTOMER3@example.com'"
    assert ids(seeded, statement, "Customer") == ["3"]
    assert ids(seeded, statement.replace("Addr =", "Addr.Address ="), "Customer") == ["3"]
    by_ref = ids(seeded, "select * from Invoice where CustomerRef = '1'", "Invoice")
    assert by_ref == ids(seeded, "select * from Invoice where CustomerRef.value in ('1')", "Invoice")
    assert len(by_ref) == 1


def test_a_blank_stands_for_no_value(seeded: Caller) -> None:
    everyone = seeded.query("select count(*) from Customer")["totalCount"]
    firms = seeded.query("select count(*) from Customer where CompanyName like '%'")["totalCount"]
    nobody = seeded.query("select count(*) from Customer where CompanyName = ' '")["totalCount"]
    assert (firms + nobody, 0 < firms < everyone) == (everyone, True)


#: lists of which the sample company has rows; of currencies it has none
LISTS = [
    kind
    for kind, entity in ENTITIES.items()
    if entity.family in (Family.LIST, Family.NAME) and "Active" in entity.fields and kind != "CompanyCurrency"
]


@pytest.mark.parametrize("kind", LISTS)
def test_lists_show_active_rows_unless_asked_otherwise(qbo: Caller, kind: str) -> None:
    rows = qbo.query(f"select * from {kind} orderby Id desc maxresults 1000")[kind]
    chosen = next(row for row in rows if not row.get("Balance"))
    qbo.twin.company.records[kind][chosen["Id"]]["Active"] = False
    count = len(rows)
    assert qbo.query(f"select count(*) from {kind}")["totalCount"] == count - 1
    assert ids(qbo, f"select * from {kind} where Active = false", kind) == [chosen["Id"]]
    assert qbo.query(f"select count(*) from {kind} where Active in (true, false)")["totalCount"] == count
    assert ids(qbo, f"select * from {kind} where Id = '{chosen['Id']}'", kind) == []


# --- order and pages ----------------------------------------------------------------------------------------


def test_rows_come_by_number_of_their_id(seeded: Caller) -> None:
    found = ids(seeded, "select * from Customer where Active in (true, false)", "Customer")
    assert found == sorted(found, key=int)
    assert found != sorted(found)
    newest = ids(seeded, "select * from Customer orderby Id desc maxresults 3", "Customer")
    assert newest == found[::-1][:3]


def test_order_by_several_properties_keeps_ties_in_order_of_ids(seeded: Caller) -> None:
    rows = seeded.query("select * from Item orderby Type desc, Name asc")["Item"]
    pairs = [(row["Type"], row["Name"].casefold()) for row in rows]
    assert pairs == sorted(sorted(pairs, key=lambda p: p[1]), key=lambda p: p[0], reverse=True)
    tied = seeded.query("select * from Item order by Type")["Item"]
    services = [int(row["Id"]) for row in tied if row["Type"] == "Service"]
    assert services == sorted(services)


def test_pages_cover_everything_once(seeded: Caller) -> None:
    pages: list[list[str]] = []
    while not pages or len(pages[-1]) == 7:
        statement = f"select * from Invoice orderby Id startposition {1 + 7 * len(pages)} maxresults 7"
        answer = seeded.query(statement)
        pages.append([row["Id"] for row in answer.get("Invoice", [])])
        if answer:
            assert (answer["startPosition"], answer["maxResults"]) == (7 * len(pages) - 6, len(pages[-1]))
    every = [identity for page in pages for identity in page]
    assert every == ids(seeded, "select * from Invoice maxresults 1000", "Invoice")
    assert seeded.query("select * from Invoice startposition 1000") == {}


# --- trouble ------------------------------------------------------------------------------------------------


def test_one_unreadable_record_spoils_its_page_only(qbo: Caller) -> None:
    bad = qbo.query("select * from Invoice where DocNumber = '1003'")["Invoice"][0]["Id"]
    qbo.admin("company", unreadable=[f"Invoice:{bad}"])
    assert qbo.fault("GET", "/query", query="select * from Invoice")[0] == "4002"
    assert qbo.query("select count(*) from Invoice") == {"totalCount": 20}
    assert len(ids(qbo, "select * from Invoice maxresults 2", "Invoice")) == 2
    assert qbo.fault("GET", "/query", query="select * from Invoice startposition 3 maxresults 1")[0] == "4002"
    assert qbo.read("Invoice", bad)["DocNumber"] == "1003"
    qbo.admin("company", unreadable=[])
    assert len(ids(qbo, "select * from Invoice", "Invoice")) == 20


def test_queries_may_lag_behind_a_write(qbo: Caller) -> None:
    qbo.admin("switches", stale_seconds=600)
    made = qbo.create("Invoice", invoice("1", sales_line("10"), DocNumber="LATE-1"))
    changed = qbo.update("Invoice", qbo.read("Invoice", "2"), PrivateNote="new words")
    gone = qbo.query("select * from Invoice where DocNumber = '1020'")["Invoice"][0]
    qbo.delete("Invoice", gone)
    assert qbo.query("select * from Invoice where DocNumber = 'LATE-1'") == {}
    assert qbo.query(f"select * from Invoice where Id = '{made['Id']}'") == {}
    old = qbo.query("select * from Invoice where Id = '2'")["Invoice"][0]
    assert int(old["SyncToken"]) < int(changed["SyncToken"])
    assert "PrivateNote" not in old
    assert ids(qbo, "select * from Invoice where DocNumber = '1020'", "Invoice") == [gone["Id"]]
    item = {"bId": "1", "Query": "select * from Invoice where DocNumber = 'LATE-1'"}
    assert qbo.post("/batch", {"BatchItemRequest": [item]})["BatchItemResponse"][0]["QueryResponse"] == {}
    assert qbo.read("Invoice", made["Id"])["DocNumber"] == "LATE-1"
    qbo.admin("switches", stale_seconds=0)
    assert ids(qbo, "select * from Invoice where DocNumber = 'LATE-1'", "Invoice") == [made["Id"]]


def test_what_lagged_catches_up_by_itself(qbo: Caller) -> None:
    moment = [0.0]
    qbo.twin.company.lag_clock = lambda: moment[0]
    qbo.admin("clock", advance_seconds=3600)
    qbo.admin("switches", stale_seconds=0.3, stale_reads=["query", "cdc", "read"])
    made = qbo.create("Customer", {"DisplayName": "Soon to be seen"})
    assert qbo.fault("GET", f"/customer/{made['Id']}")[0] == "610"
    since = made["MetaData"]["LastUpdatedTime"]
    assert qbo.get("/cdc", entities="Customer", changedSince=since)["CDCResponse"][0]["QueryResponse"] == [{}]
    moment[0] += 0.35
    assert qbo.read("Customer", made["Id"])["DisplayName"] == "Soon to be seen"
    assert ids(qbo, "select * from Customer where DisplayName = 'Soon to be seen'", "Customer") == [
        made["Id"]
    ]
    block = qbo.get("/cdc", entities="Customer", changedSince=since)["CDCResponse"][0]["QueryResponse"][0]
    assert [row["Id"] for row in block["Customer"]] == [made["Id"]]
