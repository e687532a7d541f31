"""What a client may write, and what a write does: defaulting, validation, conflicts, deletion."""
