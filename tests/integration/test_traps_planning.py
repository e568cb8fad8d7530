"""No refusal, retry, odd record or second process stops the work of others or runs in circles."""

import time

import attrs
import pytest

from blueops_qb import bootstrap
from blueops_qb.domain.records import ExpenseType
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import engine as engine_module
from blueops_qb.engine import resolve, rule_room
from blueops_qb.engine.intake import intake
from blueops_qb.runners import threads
from blueops_qb.sandbox.core.core import ReferenceCore
from blueops_qb.sdk.hooks import Switch
from blueops_qb.sdk.outcomes import Why
from blueops_qb.sdk.simple import Refusal
from blueops_qb.store import tables as t
from tests.engine_house import DAY, PLUGIN, TENANT, D, EngineHouse, found_company
from tests.fake_books import STALE, Fault
from tests.traps import LONG_AGO, entered_customer, record_cost, sent_customer, take

pytest_plugins = ["tests.engine_fixtures"]
