"""Models as files for other solvers (LP, MPS, NL), and their solution files read back."""
