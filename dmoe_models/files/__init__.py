"""Files of instances, solutions and certificates; atomic writing."""
