"""What is known of some providers, as settings. Each was written from the provider's own documentation.

**twilio**: Messages resource (`/docs/messaging/api/message-resource`), "Webhooks Security"
(`/docs/usage/webhooks/webhooks-security`) and the error dictionary at www.twilio.com. The account is the
account SID, the secret the auth token. With an API key set `username` to its SID and put the auth token,
by which callbacks are signed, on the second line of the secret.

**vonage**: SMS API (`/messaging/sms/overview`, `…/guides/troubleshooting-sms`, `…/guides/inbound-sms`) and
"Signing messages" (`/getting-started/concepts/signing-messages`) at developer.vonage.com. The account is the
API key, the first line of the secret the API secret, the second the signature secret. The signature method
of the account must be SHA-256 HMAC, and signed webhooks must be switched on there.
"""

from __future__ import annotations

from typing import Any, Final

from vestibule.wire.http_forms.signature import Algorithm, Spelling

PRESETS: Final[dict[str, dict[str, Any]]] = {
    "": {},
    "twilio": {
        "preset": "twilio",
        "url": "https://api.twilio.com/2010-04-01/Accounts/{account}/Messages.json",
        "fields": {
            "To": "{to}",
            "From": "{sender}",
            "Body": "{text}",
            "ValidityPeriod": "{valid_seconds}",
            "StatusCallback": "{callback_url}",
        },
        "least_valid_seconds": 1,
        "most_valid_seconds": 36_000,
        "authentication": "basic",
        "username": "{account}",
        "reference_path": "sid",
        "final_path": "code",
        # Not a phone number; not a mobile number; the person has opted out and no gateway is to pass that by.
        "final_values": ("21211", "21614", "21610"),
        "callback_proof": "hmac_url_form",
        "callback_signature": "header:x-twilio-signature",
        "callback_algorithm": Algorithm.SHA1,
        "callback_spelling": Spelling.BASE64,
        "receipt_reference": "form:MessageSid",
        "receipt_state": "form:MessageStatus",
        "receipt_cause": "form:ErrorCode",
        "delivered_words": ("delivered", "read"),
        "failed_words": ("failed", "undelivered", "canceled"),
        "reply_sender": "form:From",
        "reply_recipient": "form:To",
        "reply_body": "form:Body",
        "reply_message_id": "form:MessageSid",
        # An empty document is the answer that sends nothing back.
        "answer_status": 200,
        "answer_type": "text/xml",
        "answer_body": '<?xml version="1.0" encoding="UTF-8"?><Response/>',
    },
    "vonage": {
        "preset": "vonage",
        "url": "https://rest.nexmo.com/sms/json",
        "fields": {
            "api_key": "{account}",
            "api_secret": "{secret}",
            "to": "{to_digits}",
            "from": "{sender}",
            "text": "{text}",
            "type": "{alphabet}",
            "ttl": "{valid_milliseconds}",
            "client-ref": "{delivery_id}",
            "callback": "{callback_url}",
        },
        "least_valid_seconds": 20,
        "most_valid_seconds": 604_800,
        "success_path": "messages.0.status",
        "success_values": ("0",),
        "reference_path": "messages.0.message-id",
        "final_path": "messages.0.status",
        # The number has a prefix that leads nowhere.
        "final_values": ("6",),
        "callback_proof": "hmac_fields",
        "callback_signature": "field:sig",
        "callback_algorithm": Algorithm.SHA256,
        "callback_spelling": Spelling.HEX,
        "receipt_reference": "field:messageId",
        "receipt_state": "field:status",
        "receipt_cause": "field:err-code",
        "delivered_words": ("delivered",),
        "failed_words": ("expired", "failed", "rejected"),
        "reply_sender": "field:msisdn",
        "reply_recipient": "field:to",
        "reply_body": "field:text",
        "reply_message_id": "field:messageId",
        "adds_plus": True,
    },
}
