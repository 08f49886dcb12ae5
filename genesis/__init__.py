"""GenesisFunc workbench: from a pool of reliable tools to checked function-calling dialogues.

The one natural path is ``genesis run params/quickstart.yaml``; the same steps from Python start at
``genesis.pipeline.generate``. Importing this package does no work: every room is imported where it is used.
"""

__version__ = "0.1.0"
