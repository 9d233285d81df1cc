"""P1, expert selection: DES, a tree search that is exact for each token."""
