"""Recipes of the overlay detector, which boxes pictures pasted into an upload."""
