"""P3, subcarrier allocation: a linear assignment problem."""
