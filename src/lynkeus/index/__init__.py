"""Search of vectors and local points: the protocol, exact indexes, and Faiss."""
