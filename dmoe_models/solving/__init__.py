"""One method on one instance: the catalogue, plug-ins, `solve` and what is known of an answer."""
