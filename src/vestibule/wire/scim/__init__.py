"""SCIM 2.0 (RFC 7643, RFC 7644): resources as JSON, filters, paths and changes. No input or output, no clock.

What arrives is of strangers: everything is bounded, and what is wrong with it is a `ScimTrouble`.
"""
