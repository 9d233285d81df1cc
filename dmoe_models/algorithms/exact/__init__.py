"""P2 to proved optimality: token prices, reductions, a set program and branching."""
