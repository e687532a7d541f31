"""The gateway: turns one websocket into a person's streams, and serves the page. It decides nothing about access."""
