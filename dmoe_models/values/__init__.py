"""Records that stay as they were made: after copies, after pickles, whatever is done to parts."""
