"""Sends each subscriber the part of the replicas that policy lets them see, live."""
