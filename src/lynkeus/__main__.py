"""``python -m lynkeus``."""

from lynkeus.cli import main

main()
