"""Every system the shared contract is run against."""

from tests.connectors.contract import (
    stage_bluecherry,
    stage_brightpearl,
    stage_netsuite,
    stage_orrery,
    stage_prima,
    stage_returngo,
    stage_reveni,
    stage_shopify,
)
from tests.connectors.contract.stages import GatewayStage, SourceStage

GATEWAYS: tuple[GatewayStage, ...] = (
    *stage_bluecherry.stages(),
    *stage_brightpearl.stages(),
    *stage_netsuite.stages(),
    *stage_prima.stages(),
    *stage_orrery.stages(),
)
SOURCES: tuple[SourceStage, ...] = (
    *stage_returngo.stages(),
    *stage_reveni.stages(),
    *stage_shopify.stages(),
)
