"""What people fill in: the shape of the input only, the decisions are the services'."""
