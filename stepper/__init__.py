"""The only place with Qt: the window, its views, and the command line."""
