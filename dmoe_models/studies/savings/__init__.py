"""How much energy selection saves, layer by layer."""
