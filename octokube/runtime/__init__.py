"""What every program needs and no program owns: logging, back-off, supervised tasks, TLS, signals."""
