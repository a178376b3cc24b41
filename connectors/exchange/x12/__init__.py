"""X12 release 4010: our own codec, with the sets that returns travel in declared as data.

Sets and functional groups are those of the standard's public references: 943 in AR, 944 in RE, 947
in AW, 180 in AN, 812 in CD, 824 in AG, 997 in FA. Where a partner decides (qualifiers, which
reference goes where) `outbound` and `inbound` say what is assumed.
"""

from connectors.exchange.x12.layout import X12Layout
from connectors.exchange.x12.partner import X12Partner

__all__ = ["X12Layout", "X12Partner"]
