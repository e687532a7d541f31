"""Side-by-side measurements, printed as tables: `python -m benchmarks --help`."""
