"""Between what was read and what is served: guard, limits, what is kept, how each entry is doing."""
