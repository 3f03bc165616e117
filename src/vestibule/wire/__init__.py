"""Wire: bytes to frozen messages and back, one folder for each protocol.

No input or output, no clock, no import from the rest of the project.
"""
