"""The agents' fast door: heartbeats, metrics and processes, in a process and database role of its own."""
