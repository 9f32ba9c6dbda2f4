"""The dial queue: line, lane, pacing, and the run that dials. Rules: `docs/dial-protocol.md`."""
