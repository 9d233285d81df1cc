"""P1 and P2 in integers, on CP-SAT of OR-Tools."""
