"""Certificates of optimality for P1 and P2: making them."""
