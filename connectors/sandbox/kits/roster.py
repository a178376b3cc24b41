"""The kits there are; a new system is one line here."""

from __future__ import annotations

from connectors.sandbox.kits.bluecherry import BlueCherryKit
from connectors.sandbox.kits.brightpearl import BrightpearlKit
from connectors.sandbox.kits.file_exchange import FileExchangeKit
from connectors.sandbox.kits.kit import ErpKit, PlatformKit
from connectors.sandbox.kits.netsuite import NetSuiteKit
from connectors.sandbox.kits.prima import PrimaKit
from connectors.sandbox.kits.returngo import ReturnGoKit
from connectors.sandbox.kits.reveni import ReveniKit
from connectors.sandbox.kits.shopify import ShopifyKit

ERPS: dict[str, ErpKit] = {
    kit.system: kit
    for kit in (BlueCherryKit(), BrightpearlKit(), FileExchangeKit(), NetSuiteKit(), PrimaKit())
}
PLATFORMS: dict[str, PlatformKit] = {
    kit.system: kit for kit in (ReturnGoKit(), ReveniKit(), ShopifyKit())
}
