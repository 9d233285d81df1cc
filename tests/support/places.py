"""Where things lie: this repository, and recorded measurements beside it if there are any."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
"""The repository."""

RECORDINGS = Path(os.environ.get("DMOE_DATA") or ROOT.parent / "shared" / "data")
"""The directory of recorded gate scores and channels; it need not exist."""

needs_recordings = pytest.mark.skipif(
    not (RECORDINGS / "gates_deepseek_v2_lite").is_dir(),
    reason="DMOE_DATA names no directory of recorded data",
)
"""Skips a test where there are no recordings."""
