"""The demo: a day of a plumbing company on one loopback port, judged by the independent reader."""

from blueops_qb.sandbox.demo.running import run

__all__ = ["run"]
