"""Keeps the hot state equal to the server, one reflector per type."""
