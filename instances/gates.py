"""The earlier place of `dmoe_models.scores.recorded.read_gates`, kept for code that imports it."""

from dmoe_models.scores.recorded import GateRecord, read_gates

__all__ = ["GateRecord", "read_gates"]
