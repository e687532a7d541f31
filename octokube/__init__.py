"""What others import from Octokube: the contract, the state machine, the client and the command line."""

import os

__version__ = "0.1.0"

# gRPC's core writes lines of its own to standard error, beside our log and our one sentence. It reads this when it is
# first imported, hence the place; what it has to say reaches us as statuses. Whoever debugs it sets the variable.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
