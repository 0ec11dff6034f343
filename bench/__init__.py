"""Benchmarks: what a purchase, a read and the whole mall at rest cost on this machine. Figures are printed, never asserted."""
