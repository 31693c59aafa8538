"""The pages and the live socket: the door for people."""
