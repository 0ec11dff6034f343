"""Tests against other people's servers, run by `make test-providers` alone."""
