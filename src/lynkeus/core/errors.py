"""All exceptions that lynkeus raises on purpose: one base class, each also of a built-in kind."""


class LynkeusError(Exception):
    """Base class of all our errors; a user can read the text."""


class UnreadableError(LynkeusError, ValueError):
    """A file cannot be read as a picture; the text says why, without the path."""


class ShapeError(LynkeusError, ValueError):
    """An array has the wrong shape; the text gives the actual and the wanted shape."""


class UnknownNameError(LynkeusError, KeyError):
    """A name is unknown; the text lists the known names."""

    def __str__(self) -> str:
        """The plain message, without the quotes that KeyError puts around it."""
        return str(self.args[0]) if self.args else ""


class ConflictError(LynkeusError, ValueError):
    """The request contradicts what is stored (a name taken, a set not empty)."""


class PolicyError(LynkeusError, ValueError):
    """A policy allows a lower rate than the background supports; the text says how many pictures are needed."""


class MissingExtraError(LynkeusError, ImportError):
    """An optional dependency is not installed; the text names the extra to install."""


class CorruptError(LynkeusError, OSError):
    """A stored file (catalog, segment, backup, model) is damaged or has a foreign format."""


class DataError(LynkeusError, ValueError):
    """A data set lacks something (a class without pictures, too few classes); the text names what is missing."""


class NotTrainedError(LynkeusError, FileNotFoundError):
    """A run folder holds no checkpoint yet."""


class DivergedError(LynkeusError, ArithmeticError):
    """The loss of a training is no longer a number."""


class StorageError(LynkeusError, OSError):
    """A file could not be written, for example on a full disk."""


class SettingError(LynkeusError, ValueError):
    """A recipe lacks the field, or the field does not accept the value."""
