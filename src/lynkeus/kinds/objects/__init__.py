"""Objects: the upload shows a registered thing, in another picture of it."""
