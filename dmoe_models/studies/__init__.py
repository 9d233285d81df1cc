"""Studies: claims of the literature, measured over many draws, on one core or on a cluster.

    configuration -> design (cells, tasks) -> engine (workers) -> database -> tables

A configuration is a TOML file of axes; `design` makes tasks of it, each with a key of its own.
`engine` hands the tasks to workers and writes what they return to a `database` in one transaction a
task, so that a run can be stopped at any moment and goes on where it was. What a task does is said
in one module for each study. Importing this package imports neither Dask nor a solver.
"""
