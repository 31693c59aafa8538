"""The pages: GET asks selectors, POST calls one service."""
