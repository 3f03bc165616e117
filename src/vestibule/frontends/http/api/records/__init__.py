"""What the API shows of the model: chosen field by field, so that a new field of the model stays inside.

No secret, hash, sealed value or state of an authenticator has a place here.
"""
