"""Use cases of calls: create, read, list, cancel, reschedule, erase, report."""
