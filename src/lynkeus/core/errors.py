"""Everything lynkeus raises on purpose: one base, each also of a built-in kind."""


class LynkeusError(Exception):
    """Base of all our errors; its text is fit to be shown to a user."""


class UnreadableError(LynkeusError, ValueError):
    """A file is no picture that can be read; the text says why, without the path."""


class ShapeError(LynkeusError, ValueError):
    """An array has another shape than wanted; the text gives both."""


class UnknownNameError(LynkeusError, KeyError):
    """A name is not known; the text lists the known ones."""

    def __str__(self) -> str:
        """The plain message, without the quotes that KeyError puts around it."""
        return str(self.args[0]) if self.args else ""


class ConflictError(LynkeusError, ValueError):
    """The request contradicts what is stored (a name taken, a set not empty)."""


class PolicyError(LynkeusError, ValueError):
    """A policy asks for more than the background can support; the text says how many pictures would."""


class MissingExtraError(LynkeusError, ImportError):
    """An optional dependency is not installed; the text names the extra to install."""


class CorruptError(LynkeusError, OSError):
    """A stored file (catalog, segment, backup, model) is damaged or not ours."""


class DataError(LynkeusError, ValueError):
    """A data set lacks what was asked of it (a class without pictures, too few classes); the text names it."""


class NotTrainedError(LynkeusError, FileNotFoundError):
    """A run folder holds no checkpoint yet."""


class DivergedError(LynkeusError, ArithmeticError):
    """A training's loss is no longer a number."""


class StorageError(LynkeusError, OSError):
    """Something could not be written, such as on a full disk."""


class SettingError(LynkeusError, ValueError):
    """A recipe has no such field, or the field takes no such value."""
