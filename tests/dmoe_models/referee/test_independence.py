"""The referee derives everything itself, from the fields that an instance was constructed with."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from dmoe_models import referee

MODULES = sorted(Path(referee.__path__[0]).glob("*.py"))
LENT = {
    "dmoe_models.errors",
    "dmoe_models.model.instance",
    "dmoe_models.model.solution",
    "dmoe_models.referee",
    "dmoe_models.values.value",
}
DERIVED = {
    *("rate_bps", "transmission_energy_j", "static_total_j"),
    *("threshold", "need", "capped", "links", "reachable", "derived"),
}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_the_referee_shares_no_code_and_no_derived_quantity(module):
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dmoe_models"):
            assert node.module in LENT or node.module.startswith("dmoe_models.referee.")
        elif isinstance(node, ast.Import):
            assert not any(
                name.name.startswith(("dmoe_models", "formulations", "instances"))
                for name in node.names
            )
        elif isinstance(node, ast.Attribute) and node.attr in DERIVED:
            assert not ast.unparse(node.value).endswith("instance")
