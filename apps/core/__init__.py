"""Small tools every app uses: request context, SQL files, live topics, keyset pages, errors; no models."""
