"""Posting rules: pure functions from a record's state to the documents it needs in the books."""
