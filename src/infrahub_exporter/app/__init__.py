"""Settings, the exporter and its container: the only place that knows everything."""
