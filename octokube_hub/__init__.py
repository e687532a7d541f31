"""The hub: keeps a replica of every cluster and serves each subscriber what policy allows."""
