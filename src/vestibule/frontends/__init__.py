"""Front ends: the doors, one folder for each protocol.

A door turns messages into commands and outcomes into messages. It decides nothing.
"""
