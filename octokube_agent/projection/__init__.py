"""Reduces an object to what may leave the cluster, and encodes it once for everyone downstream."""
