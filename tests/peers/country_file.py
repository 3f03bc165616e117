"""A country database for tests, written by somebody else's writer of the MaxMind DB format."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mmdb_writer import MMDBWriter
from netaddr import IPSet


def write_countries(file: Path, countries: Mapping[str, str], kind: str = "GeoLite2-Country") -> Path:
    """Write which network is in which country, as two letters; the file takes the old one's place at once."""
    writer = MMDBWriter(6, kind, languages=["en"], ipv4_compatible=True)
    for network, code in countries.items():
        writer.insert_network(IPSet([network]), {"country": {"iso_code": code}})
    fresh = file.with_suffix(".new")
    writer.to_db_file(str(fresh))
    return fresh.replace(file)
