"""Diversity, quality, cost, and the statistics to compare them."""
