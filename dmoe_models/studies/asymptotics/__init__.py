"""Whether JESA becomes optimal as subcarriers grow."""
