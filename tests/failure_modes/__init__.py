"""The failure modes that products of this kind have had, one file for each that exists so far."""
