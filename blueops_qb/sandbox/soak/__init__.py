"""The soak: random work on both sides, failures in between, and proof that both agree once all is still.

`world` is the house, `actions` the table of what may happen, `settle` lets it grow still within a bound, `judge` and
`ledger` hold both sides against each other and against the invariants, `driver` plays it by seed, `mutants` shows
that it can fail.
"""
