"""The HTTP face: Litestar routes over bytes that already exist."""
