"""Fuzzing of everything that reads bytes or text of a peer."""
