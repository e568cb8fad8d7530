"""The codec: neutral documents to and from the objects of the v3 API, one module per family."""

from blueops_qb.providers.qbo.codec.bodies import removal_body, to_qbo
from blueops_qb.providers.qbo.codec.company import profile_of
from blueops_qb.providers.qbo.codec.kept import kept
from blueops_qb.providers.qbo.codec.lens import normal, one_way
from blueops_qb.providers.qbo.codec.members import Obj, Unfit
from blueops_qb.providers.qbo.codec.records import from_qbo, is_deleted

__all__ = [
    "Obj",
    "Unfit",
    "from_qbo",
    "is_deleted",
    "kept",
    "normal",
    "one_way",
    "profile_of",
    "removal_body",
    "to_qbo",
]
