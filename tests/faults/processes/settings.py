"""The settings of the processes under test: the real ones with short waits.

The lease, the settle window and the pace of the queues are what a round of seconds needs; which
of them guards what is the same as in production.
"""

from returnsbridge.settings import *  # noqa: F403 (every setting, then the short waits)
from returnsbridge.settings import Q_CLUSTER

RETURNSBRIDGE_LEASE_SECONDS = 2
RETURNSBRIDGE_CONFIRM_AFTER_SECONDS = 0
for _cluster in (Q_CLUSTER, *Q_CLUSTER["ALT_CLUSTERS"].values()):
    _cluster["poll"] = 0.1
