"""Returns, their postings and the exceptions people work on."""
