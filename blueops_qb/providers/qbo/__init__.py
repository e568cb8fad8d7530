"""QuickBooks Online: sign-in, codec, transport and the faults of the v3 Accounting API."""
