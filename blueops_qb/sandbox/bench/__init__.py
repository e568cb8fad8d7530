"""Benches: figures about speed and crash safety, each ending with one JSON line."""
