"""Kinds of protected things, one package each: what is stored of a reference, and what is found."""
