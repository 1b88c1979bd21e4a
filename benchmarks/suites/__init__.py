"""The workloads, in the order in which they run and are reported."""
