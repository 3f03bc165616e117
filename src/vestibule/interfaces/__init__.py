"""What services, plug-ins and stores promise one another. Protocols only; nothing here does anything."""
