"""Running a study: workers, the database of rows, progress, dry runs and repeats."""
