"""`python -m infrahub_exporter`."""

from infrahub_exporter.app.cli import main

main()
