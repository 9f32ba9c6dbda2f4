"""A call's life: its states, how it is stored, placed and read."""
