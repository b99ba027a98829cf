"""Recipes of the descriptor of objects, and the centres that normalise its scores."""
