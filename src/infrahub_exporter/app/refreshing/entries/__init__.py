"""The entries of a configuration at work: each reads, derives and publishes by itself, and says how it is doing."""
