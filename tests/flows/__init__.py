"""One module per walk of data through the portal, with every process real: executable documentation."""
