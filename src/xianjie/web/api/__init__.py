"""The interface for other systems: departments hand in files with a token."""
