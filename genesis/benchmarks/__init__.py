"""Readers of benchmarks: plain data in each benchmark's own dialect, nothing mapped or repaired.

``bfcl`` reads inside the installed bfcl-eval package; ``acebench`` and ``apibank`` take the folder of their data.
"""
