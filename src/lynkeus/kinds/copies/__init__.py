"""Copies: the upload shows a registered picture, disguised."""
