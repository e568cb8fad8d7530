"""The independent reader: compares core's tables with the books' own answers, field by field.

It shares nothing with the product: it reads core's tables with its own SQL, asks the books over HTTP, pairs
records by what people would pair them by, and knows from a table of its own which account each amount belongs
to. Whoever judges a run (demo, soak, agreement tests) asks it.
"""

from blueops_qb.sandbox.reader.books import BooksAddress, BooksReader
from blueops_qb.sandbox.reader.comparison import Comparison, TheirReader, compare
from blueops_qb.sandbox.reader.core import CoreReader
from blueops_qb.sandbox.reader.desktop import DesktopReader, FileAddress, Posted
from blueops_qb.sandbox.reader.values import Chart

__all__ = [
    "BooksAddress",
    "BooksReader",
    "Chart",
    "Comparison",
    "CoreReader",
    "DesktopReader",
    "FileAddress",
    "Posted",
    "TheirReader",
    "compare",
]
