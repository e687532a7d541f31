"""Tells an operator's monitoring how the hub is."""
