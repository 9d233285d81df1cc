"""Gate scores without a neural network: recorded, synthetic and fitted, and statistics."""
