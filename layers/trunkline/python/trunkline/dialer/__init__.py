"""A lane run: claims waiting calls and dials them at the trunk's pace."""
