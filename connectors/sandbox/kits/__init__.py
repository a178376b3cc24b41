"""One way to fill every twin and to read its books: the demo, replays and tests use it.

A kit turns plain records, the same for every system, into what its own twin loads, and the twin's
documents into `Booked`. Plain records of an ERP are what `bluecherry_store` documents (locations,
customers, items, orders, closed_periods); those of a platform what the ReturnGO twin documents
(rmas). A system that cannot hold a fact leaves it out, and says so in its kit.
"""
