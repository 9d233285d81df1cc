"""Benchmark instances: families to draw from, bundled sets, importers of recorded data.

`instances.families.draw` draws one instance of a family, `instances.library.load_set` reads a
bundled set, `instances.recorded` joins recorded gate scores and measured channels.
"""
