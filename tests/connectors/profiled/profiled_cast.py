"""What the tests of the shipped profile share."""

from connectors.types import DocumentKind

# BlueCherry has no refund resource that is known, so the shipped profile writes none.
PROFILED_KINDS = [kind for kind in DocumentKind if kind is not DocumentKind.REFUND_RECORD]
