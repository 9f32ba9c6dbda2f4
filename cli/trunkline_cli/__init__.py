"""The `trunkline` command line, for operators of a deployment."""
