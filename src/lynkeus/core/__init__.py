"""The words all other parts speak: errors, findings, pictures."""

from lynkeus.core.errors import ConflictError as ConflictError
from lynkeus.core.errors import CorruptError as CorruptError
from lynkeus.core.errors import DataError as DataError
from lynkeus.core.errors import DivergedError as DivergedError
from lynkeus.core.errors import LynkeusError as LynkeusError
from lynkeus.core.errors import MissingExtraError as MissingExtraError
from lynkeus.core.errors import NotTrainedError as NotTrainedError
from lynkeus.core.errors import PolicyError as PolicyError
from lynkeus.core.errors import SettingError as SettingError
from lynkeus.core.errors import ShapeError as ShapeError
from lynkeus.core.errors import StorageError as StorageError
from lynkeus.core.errors import UnknownNameError as UnknownNameError
from lynkeus.core.errors import UnreadableError as UnreadableError
from lynkeus.core.findings import Action as Action
from lynkeus.core.findings import Evidence as Evidence
from lynkeus.core.findings import Finding as Finding
from lynkeus.core.findings import UploadResult as UploadResult
from lynkeus.core.findings import Verdict as Verdict
from lynkeus.core.findings import cosine_of as cosine_of
from lynkeus.core.findings import strictest as strictest
from lynkeus.core.picture import Limits as Limits
from lynkeus.core.picture import Picture as Picture
from lynkeus.core.picture import read_picture as read_picture
