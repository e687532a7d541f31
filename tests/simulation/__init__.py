"""Runs agents, hubs and subscribers on a network that fails as a seed says, and checks the invariants by name."""
