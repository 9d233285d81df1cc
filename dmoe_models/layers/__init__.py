"""Rounds: the layers of a model, drawn or recorded, solved one after the other."""
