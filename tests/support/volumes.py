"""How many random cases a test tries: a sample in ``make test``, all in ``make campaign``."""

from __future__ import annotations

import os

CAMPAIGN = bool(os.environ.get("DMOE_CAMPAIGN"))
"""Whether large volumes are asked for."""


def seeds(whole: int, sample: int) -> range:
    """Return the seeds to try: 0 to `sample` - 1, or to `whole` - 1 in a campaign.

    Parameters
    ----------
    whole, sample : int
    """
    return range(whole if CAMPAIGN else sample)
