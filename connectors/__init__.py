"""One folder per protocol; each turns a device into batches of columns."""
