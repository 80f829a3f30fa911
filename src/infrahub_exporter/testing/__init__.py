"""Contract suites and fakes that third-party adapters can run."""
