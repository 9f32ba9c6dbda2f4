"""The commands of `trunkline`: one module for each group."""
