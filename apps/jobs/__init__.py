"""Timed background work: who may send it, what ran, how often it was tried."""
