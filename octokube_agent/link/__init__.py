"""Keeps the hub's replica equal to the hot state, over one outbound connection."""
