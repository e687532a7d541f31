"""A hub on loopback as an operator has it, and its policy directory."""

from tests.hub.conftest import agent, clock, hub, policies

__all__ = ["agent", "clock", "hub", "policies"]
