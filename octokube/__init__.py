"""What others import from Octokube: the contract, the state machine, the client and the command line."""

__version__ = "0.1.0"
