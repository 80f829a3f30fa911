"""What is held of Infrahub, and how it is kept right: plans, tables, what changed, following."""
