"""Let the tests in this folder import ``retrieval_made``, in every import mode of pytest."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
