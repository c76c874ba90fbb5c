"""Accounts, roles, areas, and the one rule of who sees what (`scope.py`)."""
