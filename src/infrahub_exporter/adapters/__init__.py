"""One foreign library each; they never import one another."""
