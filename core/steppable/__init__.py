"""A saved network made into a program that can be stepped: what is asked, what is assumed, and where it ends."""
