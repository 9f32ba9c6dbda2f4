"""The doctor: checks a deployment from the operator's machine, and says what to fix."""
