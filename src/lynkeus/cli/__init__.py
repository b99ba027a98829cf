"""Words to calls: the ``lynkeus`` command."""

from lynkeus.cli.main import main as main
