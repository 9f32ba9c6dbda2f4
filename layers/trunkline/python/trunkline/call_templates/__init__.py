"""Call templates: stored request bodies from which triggers, schedules and batches create calls."""
