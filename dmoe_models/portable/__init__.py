"""The same bits on every machine: elementary functions and named streams of random numbers."""
