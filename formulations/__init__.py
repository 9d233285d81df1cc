"""P1, P2 and P3 as mathematical programs, the same models in each modelling language."""
