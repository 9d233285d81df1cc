"""The independent judge: solutions and certificates of optimality, in exact arithmetic."""
