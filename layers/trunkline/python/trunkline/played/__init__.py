"""Test mode: the calls of `as_test_` keys are played, and reach no LiveKit and no carrier."""
