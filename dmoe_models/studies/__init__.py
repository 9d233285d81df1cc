"""Studies: claims of the literature, measured over many draws, on one core or on a cluster.

    configuration -> design (cells, tasks) -> engine (workers) -> database -> tables

A configuration is a TOML file of axes; `design` makes tasks of it, each with a key of its own.
`engine` hands the tasks to workers and writes what they return to a `database` in one transaction a
task, so that a run can be stopped at any moment and goes on where it was. `analysis` makes tables,
verdicts and figures of the rows, `report` a page and files of these. A study itself is a folder
here, with one record that says all of it (`study`). Importing this package loads neither Dask nor a
solver.
"""
