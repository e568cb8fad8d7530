"""Providers: the adapters to accounting systems that come with the product."""
