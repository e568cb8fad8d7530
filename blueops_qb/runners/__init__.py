"""Runners: carry exchanges between the engine and the books that are called."""
