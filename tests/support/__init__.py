"""Helpers that tests of several folders share: builders, clocks, fakes and stubs."""
