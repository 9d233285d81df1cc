"""Benchmark instances: families to draw from, published sets, importers of recorded data.

``draw("rayleigh", 7, K=6)`` draws one instance of a family; `list_families` is the table of them,
and of the parameters of each. ``load_set("small")`` returns the instances of a set, `read_set` what
the file of a set of one's own says; `import_instance` joins recorded gate scores and a channel.
`write_set` draws a set into a folder, `verify_set` holds it against its manifest; `update_records`
offers answers to a table of best known values, which `status_table` shows;
``load_set("hard").best_known`` is that of one set.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from instances.families import draw
    from instances.families.table import list_families
    from instances.library.best_known_audit import verify_set
    from instances.library.set_file import read_set
    from instances.library.sets import find_set, load_set, set_names, write_set
    from instances.library.status import best_known_table, status_table
    from instances.library.update import update_records
    from instances.recorded.join import import_instance

__all__ = [
    "best_known_table",
    "draw",
    "find_set",
    "import_instance",
    "list_families",
    "load_set",
    "read_set",
    "set_names",
    "status_table",
    "update_records",
    "verify_set",
    "write_set",
]

_MODULES = {
    "draw": "instances.families",
    "list_families": "instances.families.table",
    "load_set": "instances.library.sets",
    "read_set": "instances.library.set_file",
    "import_instance": "instances.recorded.join",
    "status_table": "instances.library.status",
    "best_known_table": "instances.library.status",
    "find_set": "instances.library.sets",
    "set_names": "instances.library.sets",
    "update_records": "instances.library.update",
    "verify_set": "instances.library.best_known_audit",
    "write_set": "instances.library.sets",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is: the package itself costs nothing."""
    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
