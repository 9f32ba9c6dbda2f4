"""Repairs what fell through, every minute."""
