"""Benchmark instances: families to draw from, bundled sets, importers of recorded data."""
