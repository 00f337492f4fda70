"""Rules that look at the values of an iteration and say what is wrong. Nothing here knows how a program is run."""
