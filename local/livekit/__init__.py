"""A stand-in for LiveKit and a carrier behind it; `README.md` has the table of numbers."""
