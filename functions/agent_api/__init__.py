"""The API of agents: the context of their call, their reports of it, and its tools."""
