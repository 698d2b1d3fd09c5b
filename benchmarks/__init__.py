"""What the bars ask for, measured on the code as it stands: `make bench`."""
