"""Pure values and rules of the accounting integration: no I/O, no clock, no database."""
