"""Running a program: the Machine an instruction at a time, the Runner fast, the Timeline through time."""
