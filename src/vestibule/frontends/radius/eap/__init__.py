"""EAP that ends at Vestibule: EAP-TTLS with PAP inside, and PEAP with a generic token card inside.

`EapServer` is what the front end asks; it has a `Peer` for each conversation, which has a `Tunnel`.
"""

from vestibule.frontends.radius.eap.certificate import OwnCertificate
from vestibule.frontends.radius.eap.server import EapServer

__all__ = ["EapServer", "OwnCertificate"]
