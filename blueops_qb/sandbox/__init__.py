"""Stand-ins for the outside world: a small BlueOps core, the accounting twins, a database, the demo."""
