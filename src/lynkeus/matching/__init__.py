"""Local features, votes, geometry and aligned pixels."""
