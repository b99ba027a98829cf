"""Backbone architectures, one per file."""
