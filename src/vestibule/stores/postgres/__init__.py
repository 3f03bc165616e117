"""PostgreSQL: any number of nodes on one database, bodies in groups, one commit per group."""
