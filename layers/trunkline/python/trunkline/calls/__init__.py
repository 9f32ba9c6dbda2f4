"""The call: its models, states, transitions, storage and responses."""
