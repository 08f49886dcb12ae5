"""Sweeps: many runs that differ in a few parameters, validated together, run in processes or on a cluster, compared.

``spec`` reads the six lines, ``execute`` runs the points (``local`` processes or ``remote`` Dask workers, each point by
``point``), ``summary`` gathers one row a run, ``compare`` says which differences from the baseline are real.
"""
