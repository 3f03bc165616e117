"""The steps from one schema to the next, in the order of their numbers. A step never changes once released.

A step is plain tables and SQL that both engines run in one transaction; it reads no row into the program.
"""
