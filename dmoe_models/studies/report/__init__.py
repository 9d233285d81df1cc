"""A study on paper: tables, words, the page and its files."""
