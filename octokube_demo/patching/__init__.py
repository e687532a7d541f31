"""Changes objects the four ways a PATCH can: JSON patch, merge patch, strategic merge patch, server-side apply."""
