"""Trunkline: a control plane for AI voice calls on LiveKit."""
