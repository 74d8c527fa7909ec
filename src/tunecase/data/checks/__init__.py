"""One file for each thing that the audit looks for; each check finds, words and prices it."""
