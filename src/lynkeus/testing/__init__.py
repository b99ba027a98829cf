"""Synthetic data and conformance suites, for our tests and the tests of users."""

from lynkeus.testing.hostile import HostileFile as HostileFile
from lynkeus.testing.hostile import write_hostile_files as write_hostile_files
from lynkeus.testing.sound_pictures import made_picture as made_picture
from lynkeus.testing.sound_pictures import sound_pictures as sound_pictures
