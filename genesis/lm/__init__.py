"""Language models: open one by name; engines, journal, limits and usage."""
