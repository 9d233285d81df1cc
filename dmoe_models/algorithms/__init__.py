"""Hand-written algorithms: they return decisions and never grade themselves."""
