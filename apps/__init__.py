"""The domain of Omega Portal, one package per subject; each imports only what stands below it."""
