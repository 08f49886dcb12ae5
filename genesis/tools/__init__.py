"""Tools, where they come from, and how a pool of them is curated."""
