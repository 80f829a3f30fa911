"""The configuration: from files and environment to settings that hold together."""
