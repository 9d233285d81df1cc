"""Instances from recorded gate scores and recorded channels."""
