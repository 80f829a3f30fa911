"""The exporter behind a port, or inside a host: routes, listener, connections, reloads."""
