"""Benchmark instances: families to draw from, bundled sets, importers of recorded data.

`instances.families.draw` draws one instance of a family, `instances.library.sets.load_set` reads a
bundled set, `instances.recorded.join` joins recorded gate scores and measured channels.
"""
