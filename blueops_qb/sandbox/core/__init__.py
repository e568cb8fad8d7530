"""A small BlueOps: the host that loads the plugin in demos, tests and benches, with pages for people."""
