"""Reply attributes and dictionaries."""

from preview_samples.sample import DAY, HOSTILE, NOW, Sample
from vestibule.frontends.http.console.reply_attributes import Tried
from vestibule.frontends.http.templates.views import Choice, Form, Words
from vestibule.model.reply_attribute import RadiusDictionary, ReplyAttribute, Shape

STAFF = ReplyAttribute(
    tenant_id="demo",
    reply_id="r1",
    group_id="g1",
    client_id="asa",
    application_id="vpn",
    attribute="Cisco-AVPair",
    value="ip:inacl#1=permit ip any 192.0.2.0 0.0.0.255",
    adds=True,
    shape=Shape(path=(1,), vendor=9),
    created_at=NOW - DAY,
)
SECRET = ReplyAttribute(
    tenant_id="demo",
    reply_id="r2",
    attribute="Tunnel-Password:1",
    shape=Shape(path=(69,), hiding=2, head="01", is_secret=True),
    created_at=NOW,
)
OWN = ReplyAttribute(
    tenant_id="demo",
    reply_id="r3",
    user_id="u1",
    attribute="Framed-IP-Address",
    value="192.0.2.7",
    shape=Shape(path=(8,)),
    created_at=NOW,
)
DICTIONARIES = tuple(
    RadiusDictionary(
        tenant_id="demo", name=name, attributes=58, left_out=left_out, size=4000, created_at=NOW - DAY
    )
    for name, left_out in (("cisco.asa", 0), ("dictionary-of-a-vendor-with-a-very-long-name", 2))
)


def replies() -> list[Sample]:
    return [
        Sample(
            "reply-attributes",
            "console/reply_attributes.html",
            {
                "lines": (STAFF, SECRET),
                "groups": (Choice("g1", HOSTILE),),
                "clients": (Choice("asa", "asa-berlin-1"),),
                "applications": (Choice("vpn", "Fernwartungszugang der Produktionsanlagen im Werk Süd"),),
                "may_name_users": True,
                "form": Form(
                    {"attribute": "Clas", "adds": "yes"},
                    {"attribute": Words("refusal.reply_unknown", {"key": "Clas"})},
                ),
                "tried_form": Form({"client_id": "asa", "username": "alice"}),
                "tried": Tried((STAFF, OWN), (OWN,)),
                "longest_value": 600,
            },
        ),
        Sample(
            "radius-dictionaries",
            "console/radius_dictionaries.html",
            {
                "dictionaries": DICTIONARIES,
                "form": Form(
                    {"name": "acme"}, {"file": Words("refusal.dictionary_type", {"key": "3 (text)"})}
                ),
            },
        ),
    ]
