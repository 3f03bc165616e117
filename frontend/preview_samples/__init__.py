"""One or more sample contexts for every page of portal and console.

They are deliberately awkward: long names, German words, an attempt to smuggle in markup, empty lists. The
names of the variables are those that each template documents; a test holds the two together.
"""

from preview_samples.administrators import console_roles
from preview_samples.applications import console_doors
from preview_samples.billing import billing
from preview_samples.console_user import console_user
from preview_samples.console_users import console_groups, console_people
from preview_samples.directories import directories
from preview_samples.gateways import gateways
from preview_samples.installation import installation
from preview_samples.keeping_out import keeping_out
from preview_samples.phone import phone
from preview_samples.portal import portal
from preview_samples.records import console_records
from preview_samples.replies import replies
from preview_samples.reports import reports
from preview_samples.sample import Sample
from preview_samples.servers import servers
from preview_samples.sign_in import signing_in
from preview_samples.statements import statements
from preview_samples.synchronisation import provisioning, synchronisation, user_import
from preview_samples.tokens import console_tokens


def samples() -> list[Sample]:
    """Return every sample, those of the console at that door."""
    console = [
        *console_people(),
        *console_user(),
        *console_groups(),
        *console_roles(),
        *keeping_out(),
        *console_tokens(),
        *console_doors(),
        *replies(),
        *directories(),
        *synchronisation(),
        *user_import(),
        *provisioning(),
        *gateways(),
        *servers(),
        *console_records(),
        *reports(),
        *installation(),
        *billing(),
        *statements(),
    ]
    return [
        *signing_in(),
        *portal(),
        *phone(),
        *(Sample(s.name, s.page, s.variables, "console", s.is_signed_in, s.notices) for s in console),
    ]
