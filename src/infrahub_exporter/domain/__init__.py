"""Values, rules and ports: pure functions from inventory to samples and targets."""
