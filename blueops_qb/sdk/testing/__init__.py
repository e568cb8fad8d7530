"""Testing: the conformance kit that a provider's author runs against the provider; see `kit`."""
