"""Lets `python -m octokube` be the `octokube` command."""

from octokube.cli.main import main

main()
