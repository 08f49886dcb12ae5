"""Diversity, quality, cost, and the statistics to compare them.

>>> from genesis.metrics import report
>>> report(accepted, rejected, usage)["diversity"]["distinct_3"]["value"]
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genesis.metrics.summary import report as report


def __getattr__(name: str) -> Any:
    """Import the report (and numpy) when it is first asked for."""
    if name == "report":
        from genesis.metrics.summary import report

        return report
    raise AttributeError(f"module 'genesis.metrics' has no attribute '{name}'")
