"""HTTP requests that settings describe: templates with placeholders, places of values, signatures.

`template` fills what is sent, `places` reads what comes in, `signature` proves who sent it. Pure.
"""
