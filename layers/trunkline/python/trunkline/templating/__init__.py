"""Templates in `{{ }}`, JMESPath queries, escaping and size limits."""
