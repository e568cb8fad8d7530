"""A stateful stand-in for QuickBooks Online: OAuth, the v3 API, the bookkeeper's screens."""
