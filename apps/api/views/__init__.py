"""The addresses: each method checks its input, calls one service or selector, and shapes the answer."""
