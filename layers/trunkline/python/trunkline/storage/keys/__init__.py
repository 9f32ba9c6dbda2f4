"""Keys of the items in the table, by subject."""
