"""Test mode: simulates LiveKit and the people who are called."""
