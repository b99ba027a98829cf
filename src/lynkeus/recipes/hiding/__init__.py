"""Recipes of Hide-and-Seek: classifiers of pictures and of videos, trained with parts hidden."""
