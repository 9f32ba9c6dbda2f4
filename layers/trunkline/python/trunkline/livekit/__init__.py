"""Everything Trunkline says to LiveKit and hears from it."""
