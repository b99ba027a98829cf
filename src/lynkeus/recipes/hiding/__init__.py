"""Recipes of Hide-and-Seek: classifiers of pictures and videos, trained with hidden parts."""
