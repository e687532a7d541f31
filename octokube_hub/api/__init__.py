"""The hub's doors: gRPC services, and the feed for a gateway in the same process."""
