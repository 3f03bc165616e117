"""The simulated phone."""

from collections.abc import Sequence

from preview_samples.sample import HOSTILE, MINUTE, NOW, Sample
from vestibule.crypto.secret import Secret
from vestibule.frontends.http.templates.views import PhoneEntry
from vestibule.model.call import Spoken
from vestibule.model.simulated_phone import CallEnding, CallStage, PhoneCall, PhoneText, SimulatedPhone


def phone() -> list[Sample]:
    number, caller = "+493023125142", "+493023125000"
    texts = (
        PhoneText(at=NOW, other=caller, body=Secret("Nein danke"), is_written_here=True),
        PhoneText(at=NOW - MINUTE, other=caller, body=Secret(f"123456 is your passcode for {HOSTILE}")),
    )
    missed = PhoneCall(
        call_id="c0", caller=caller, stage=CallStage.ENDED, at=NOW - 2 * MINUTE, ending=CallEnding.MISSED
    )
    ringing = PhoneCall(call_id="c1", caller=caller, stage=CallStage.RINGING, at=NOW)
    words = (
        Spoken("de", "Guten Tag. Hier ist die Anmeldung bei „Verwaltungsnetz Außenstelle Süd“."),
        Spoken("en", f"Please press your PIN and the pound key for {HOSTILE}."),
    )
    talking = PhoneCall(
        call_id="c1", caller=caller, stage=CallStage.TALKING, at=NOW, spoken=words, awaits_keys=True, keys=3
    )
    phone = SimulatedPhone(number=number, texts=texts, past_calls=(missed,))
    entries = [PhoneEntry(missed.at, call=missed), *(PhoneEntry(text.at, text=text) for text in texts[::-1])]
    bare = SimulatedPhone(number="+12025550142", is_unreachable=True)

    def sample(name: str, shown: SimulatedPhone | None, entries: Sequence[PhoneEntry] = ()) -> Sample:
        phones = (shown, bare) if shown is not None else ()
        told = {"phones": phones, "shown": shown, "entries": entries, "version": 7, "place": "/phone/sample"}
        return Sample(name, "phone/phone.html", {**told, "is_still": name == "phone"}, is_signed_in=False)

    return [
        sample("phone", phone, entries),
        sample("phone-none", None),
        sample("phone-rings", SimulatedPhone(number=number, call=ringing)),
        sample("phone-talks", SimulatedPhone(number=number, call=talking)),
        sample("phone-off", SimulatedPhone(number="+12025550143", is_busy=True)),
    ]
