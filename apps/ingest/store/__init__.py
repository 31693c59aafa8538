"""What each kind of body becomes in the database, one transaction each."""
