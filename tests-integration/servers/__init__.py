"""Real servers for the tests of the whole: processes and threads on loopback."""
