"""Methods: the kinds of authenticator, one file or folder each.

A method proves. It never sends anything, and has no clock but the time it is given.
"""
