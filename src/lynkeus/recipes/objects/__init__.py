"""Recipes of the object descriptor, and the training of the centres that normalise its scores."""
