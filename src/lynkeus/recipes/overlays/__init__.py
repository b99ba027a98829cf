"""Recipes of the detector that boxes pictures pasted into an upload."""
