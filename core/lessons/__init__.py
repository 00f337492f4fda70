"""Lessons: a program with something to find out in it, told step by step. Each is data (resources/help/lesson-format.md).

`lesson` says what one is made of, `read` reads its text, `shipped` knows those that come with the app, `runs` computes every
number and every answer from the programs, `check` says what does not hold.
"""
