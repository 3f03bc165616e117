"""Benchmarks: durable verifications per second through each door, beside what bounds them.

`make bench` prints them. Absolute figures are this machine's and this hour's; the ratios, measured in the
same run, are what to compare.
"""
