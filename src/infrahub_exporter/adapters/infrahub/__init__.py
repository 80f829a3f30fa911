"""Read a real or embedded Infrahub over a transport."""
