"""The catalog is the single source of truth: what is protected, what was scanned and what was decided."""

from lynkeus.catalog.catalog import Catalog as Catalog
from lynkeus.catalog.rows import Added as Added
from lynkeus.catalog.rows import Background as Background
from lynkeus.catalog.rows import BackgroundScore as BackgroundScore
from lynkeus.catalog.rows import Calibration as Calibration
from lynkeus.catalog.rows import Changes as Changes
from lynkeus.catalog.rows import Entity as Entity
from lynkeus.catalog.rows import Gallery as Gallery
from lynkeus.catalog.rows import NewBackground as NewBackground
from lynkeus.catalog.rows import NewReference as NewReference
from lynkeus.catalog.rows import Owner as Owner
from lynkeus.catalog.rows import Reference as Reference
from lynkeus.catalog.rows import Removal as Removal
from lynkeus.catalog.rows import Restored as Restored
from lynkeus.catalog.rows import SeenFile as SeenFile
from lynkeus.catalog.rows import Stamp as Stamp
from lynkeus.catalog.upload_rows import Decision as Decision
from lynkeus.catalog.upload_rows import NewFinding as NewFinding
from lynkeus.catalog.upload_rows import NewUpload as NewUpload
from lynkeus.catalog.upload_rows import Rejection as Rejection
from lynkeus.catalog.upload_rows import Review as Review
from lynkeus.catalog.upload_rows import StoredFinding as StoredFinding
from lynkeus.catalog.upload_rows import Upload as Upload
