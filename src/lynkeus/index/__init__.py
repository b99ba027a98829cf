"""Vectors and points that are searched: the protocol, an exact index, and Faiss."""
