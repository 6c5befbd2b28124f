"""An operator's week in Jupyter notebooks: see README.md for the meetings, `opsreview --help` for the commands."""

import sys

# `rfc3987_syntax` builds a grammar at import (0.75 s in every process that imports jsonschema) for one URI format check that
# nothing here uses. jsonschema guards the import, so its absence is safe.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

__version__ = "0.1.0"
