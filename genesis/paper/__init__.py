"""The paper's experiments as sweeps, run or resumed together, and the figures and tables made of what there is.

``run`` plans and executes them, ``figures`` and ``tables`` draw; ``notebooks/70_figures`` calls :func:`figures.make`.
"""
