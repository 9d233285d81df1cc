"""Defaults of this project: the radio, the hidden state, computation and thresholds of a round.

None of these numbers is from a paper. How many nodes, tokens and subcarriers there are stands in
`instances.families.size`, importance over layers in `dmoe_models.model.importance`.
"""

from __future__ import annotations

BANDWIDTH_HZ = 1e6
TRANSMIT_POWER_W = 1e-2
PATH_LOSS = 1e-2
"""Mean power gain of a link, linear."""
MEAN_SNR = 10.0
"""Linear, of a link of mean gain ``PATH_LOSS``: 10 dB."""
NOISE_POWER_W = 1e-5
"""TRANSMIT_POWER_W x PATH_LOSS / MEAN_SNR."""
HIDDEN_STATE_BITS = 4096.0 * 16.0
"""4096 numbers of 16 bit."""
FLOP_PER_TOKEN = 352e6
"""Of one expert: the feed-forward block of a model like Llama-3-8B."""
EFFICIENCY_FLOP_J = (0.5e12, 2e12)
"""Least and largest floating-point operations per joule of a node."""

MAX_EXPERTS = 2
"""D, most experts per token."""
RELEVANCE = 1.0
"""z, the relevance threshold."""
IMPORTANCE = 0.49
"""gamma of a round alone: that of the second of several layers."""

RETURN_ASSUMPTION = "the return of expert outputs is not counted"
ASSUMPTIONS = (
    "the physical constants, sizes and distributions are defaults of this project",
    RETURN_ASSUMPTION,
)
"""What the metadata of every drawn instance say."""
