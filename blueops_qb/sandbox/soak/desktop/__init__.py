"""The soak beside QuickBooks Desktop: a company file, the Web Connector that comes by, and the person at QuickBooks.

`file` is the company file with the witness in it, `visit` a session of the Web Connector move by move, `world` the
seam, `bookkeeper` and `between` what may happen, `actions` the table, `ledger` and `invariants` what must hold.
"""
