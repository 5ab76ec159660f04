"""Benchmarks: the service beside a tutorial-style floor and a peer, all on this machine, in one run."""
