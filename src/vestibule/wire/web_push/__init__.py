"""Web Push: the subscription of a browser, a message that only it can read, and who sends it (VAPID).

No input or output, no clock, nothing of the project outside this folder; keys and salts are passed in, only
a signature draws its own number (FIPS 186-5). What each clause demands and which test shows it:
docs/protocols/web-push.md.
"""

from vestibule.wire.web_push.subscription import LONGEST_ENDPOINT, LONGEST_PAYLOAD, Endpoint, Subscription
from vestibule.wire.web_push.vapid import LEAST_CHANCE, VapidKey

__all__ = ["LEAST_CHANCE", "LONGEST_ENDPOINT", "LONGEST_PAYLOAD", "Endpoint", "Subscription", "VapidKey"]
