"""Gateways: how a delivery leaves the house, one folder for each way. A gateway sends; it never decides."""
