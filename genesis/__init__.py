"""GenesisFunc workbench: from a pool of reliable tools to checked function-calling dialogues.

The one natural path is ``genesis run params/quickstart.yaml``; the same steps from Python start at
``genesis.pipeline.generate``. Importing this package does no work: every room is imported where it is used.
"""

import sys

# jsonschema, which DSPy and Jupyter import, would build grammars for an optional format check: 1 s of CPU a process.
# It takes an absent module for "not installed".
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

__version__ = "0.1.0"
