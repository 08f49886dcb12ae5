"""The agents: one file an agent, a DSPy Signature (its docstring is the prompt) and a Module."""
