"""Messages to people, worded for each service by one library, apprise.

`places` reads an address, `door` carries the one call of a message, `sending` says how it ended.
"""
