"""The feed from a subscriber's side: how to reach a hub, and how to keep a copy equal to what it sends."""
