"""Channel power gains: fading, path loss, tapped delay lines, recorded channel state."""
