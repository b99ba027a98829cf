"""Finds protected things in pictures and video even when somebody has tried to hide them."""

__version__ = "0.1.0"
