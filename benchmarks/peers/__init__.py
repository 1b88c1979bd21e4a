"""The servers under test, each started as its own documentation says."""
