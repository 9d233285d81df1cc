"""P1, P2 and P3 in CVXPY."""
