"""Executes operations that the hub orders, under the agent's own ceiling."""
