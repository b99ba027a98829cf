"""Recipes of DeepFirearm: descriptors for retrieval by class."""
