"""Parsers that read a picture file before any decoder: size, orientation, profile, and the bare pixel data."""

from lynkeus.core.containers.container import Container as Container
from lynkeus.core.containers.sniff import HEAD_BYTES as HEAD_BYTES
from lynkeus.core.containers.sniff import open_container as open_container
from lynkeus.core.containers.sniff import picture_format as picture_format
