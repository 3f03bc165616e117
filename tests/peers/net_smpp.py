"""A second message center by others: Net::SMPP, Perl, of 2001 to 2011 and in use ever since.

It prints what it is told, which smpp34 does not show (the bind, the validity period), checks the password,
asks whether we are alive, and sends a receipt in optional parameters for whatever it takes. A text of `MO`
has it send a text of a person.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from tests.peers.ports import free_port
from tests.peers.program import Program, find_program

PASSWORD = "perl-pass"

_SCRIPT = r"""
use strict; use warnings; use Net::SMPP;
$| = 1;
my ($port, $password) = @ARGV;
my $center = Net::SMPP->new_listen('127.0.0.1', port => $port) or die "no port: $!";
print "listening\n";
while (1) {
    my $link = $center->accept or next;
    my $taken = 0;
    while (my $pdu = $link->read_pdu) {
        my @seq = (seq => $pdu->{seq});
        if ($pdu->{cmd} == 0x9) {
            my $status = $pdu->{password} eq $password ? 0 : 0x0e;
            printf "bind %s type=%s version=%02x status=%d\n",
                @$pdu{'system_id', 'system_type', 'interface_version'}, $status;
            $link->bind_transceiver_resp(@seq, status => $status, system_id => 'center');
            $link->enquire_link(async => 1) unless $status;
        } elsif ($pdu->{cmd} == 0x4) {
            printf "submit to=%s/%d/%d coding=%d class=%d registered=%d validity=%s octets=%s\n",
                @$pdu{'destination_addr', 'dest_addr_ton', 'dest_addr_npi', 'data_coding', 'esm_class',
                'registered_delivery', 'validity_period'}, unpack('H*', $pdu->{short_message});
            my $id = sprintf 'perl-%d', ++$taken;
            $link->submit_sm_resp(@seq, status => 0, message_id => $id);
            $link->deliver_sm(async => 1, esm_class => 4, source_addr => $pdu->{destination_addr},
                destination_addr => '12345', short_message => '',
                receipted_message_id => "$id\0", message_state => "\x02");
            $link->deliver_sm(async => 1, source_addr_ton => 1, source_addr_npi => 1,
                source_addr => $pdu->{destination_addr}, destination_addr => '12345', data_coding => 8,
                short_message => pack('H*', '00420045004e00440045d83ddc4d')) if $pdu->{short_message} eq 'MO';
        } elsif ($pdu->{cmd} == 0x80000005) {
            print "delivered status=$pdu->{status}\n";
        } elsif ($pdu->{cmd} == 0x80000015) {
            print "alive\n";
        } elsif ($pdu->{cmd} == 0x15) {
            $link->enquire_link_resp(@seq);
        } elsif ($pdu->{cmd} == 0x6) {
            print "unbind\n";
            $link->unbind_resp(@seq);
        } else {
            printf "unexpected %08x\n", $pdu->{cmd};
        }
    }
}
"""


class NetSmpp:
    """Listens on `port` while it is entered; what it was told is in `program.lines`."""

    def __init__(self) -> None:
        self.port = free_port()
        command = [find_program("perl"), "-e", _SCRIPT, self.port, PASSWORD]
        self.program = Program(command)

    def __enter__(self) -> Self:
        self.program.wait_for("listening")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.program.stop()
