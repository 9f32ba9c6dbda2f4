"""Tests of the packages that `make clients` builds. `make test-clients` runs them."""
