"""The web app: pages over the same functions that the command line and the API call."""
