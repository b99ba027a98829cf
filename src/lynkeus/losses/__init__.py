"""One loss per file: a function, and a thin module if the loss has state."""
