"""Outbound: how a server of somebody else is asked. It knows neither texts nor calls, only requests."""
