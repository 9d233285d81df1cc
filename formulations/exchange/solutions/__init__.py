"""Readers of solvers' solution files, one module a solver; `formulations.exchange.solver_files`."""
