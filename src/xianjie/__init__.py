"""Xianjie 衔接: keeps rural households out of poverty and helps rural low-income people."""

__version__ = "0.1.0"
