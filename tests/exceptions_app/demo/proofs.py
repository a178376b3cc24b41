"""What each planted exception closed by, without the numbers of the documents that show it."""

# An acceptance that names no end of its own stands for a year.
AGREED = "accepted by Finance 1, agreed by Finance 2, until 27 May 2027"
PROOFS = {
    "AUTH_EXPIRED": "A harmless call to ReturnGO Alder Home was accepted.",
    "B2B_ACCOUNT_CREDIT": "The refund goes to the customer’s account.",
    "B2B_PRICE": (f"−£3.00 {AGREED}; credit memo not read back yet: held"),
    "BACKLOG": "No message waits longer than the limit.",
    "BATCH_OVERDUE": (
        "File 1 was answered by partner-answer-000000002.csv, read 26 May 2026, 13:17."
    ),
    "BLIND_RETURN": "The receipt names the authorisation of a return.",
    "BUNDLE_CREDIT_LEVEL": "The planned credit names the bundle’s parent.",
    "BUNDLE_PARTIAL": "Refund 22.00 agrees with the credit within 0.50.",
    "CANCELLED_AFTER_POST": "ReturnGO Alder UK takes the return up again.",
    "CM_DUPLICATE": "Linked by hand as ",
    "CM_NO_REFUND": "ReturnGO Alder Counters confirms the refund.",
    "CM_REJECTED": (
        "BlueCherry Alder UK shows the document on read-back, with the amounts we meant."
    ),
    "CM_UNALLOCATED": "The credit has no open balance.",
    "COMPONENT_MISSING": "Every part of the credit has its charge code.",
    "CONNECTION_DOWN": "A probe of BlueCherry Alder Kids was answered.",
    "CREDIT_BEFORE_RECEIPT": "The goods are received.",
    "CREDIT_QTY_GAP": "Credited and received units agree.",
    "CURRENCY_MISMATCH": "Refund 20.00 agrees with the credit within 0.50.",
    "DISCOUNT_ALLOCATION": (f"£2.00 {AGREED}; credit memo not read back yet: held"),
    "DISPOSITION_CONFLICT": (
        "Both systems show the same disposition, or the policy names the winner and "
        "nothing is posted yet."
    ),
    "DISPOSITION_UNMAPPED": "Every final disposition has a bucket.",
    "DIVISION_MISMATCH": "Division and warehouse are valid: 10/HUL.",
    "DUPLICATE_SIGNAL": "Compared in the platform: nothing is missing here.",
    "DUPLICATE_STOCK_MOVE": "Linked by hand as ",
    "ELIGIBILITY_STALE": (
        "The item master of BlueCherry Alder Kids was read again, and nothing in it differs."
    ),
    "ERP_BATCH_WAIT": "The document left in a window.",
    "ERP_EDITED": "BlueCherry Alder UK shows the document as it was sent.",
    "EVENT_GAP": "Of every return that ReturnGO Alder UK lists as changed, a message came.",
    "EXCHANGE_ORDER_MISSING": "ReturnGO Alder Outlet shows the replacement order.",
    "EXCHANGE_UNBALANCED": "The goods are received.",
    "FEE_MISMATCH": (f"−£0.45 {AGREED}; credit memo not read back yet: held"),
    "FILE_UNREADABLE": "The sender sent a corrected file, which was read.",
    "GRADE_MISSING": "ReturnGO Alder Home tells a grade for the units received.",
    "INSPECTION_OVERDUE": "ReturnGO Alder Outlet tells a final disposition for every unit.",
    "INSTANT_REJECTED": "The goods are accepted after all, or the refund was taken back.",
    "INVOICE_LINK_MISSING": "BlueCherry Alder Outlet names an invoice for order SO-6011.",
    "ITEM_INELIGIBLE": "BlueCherry Alder Outlet says that SKU MUG-CREAM may be returned.",
    "JOB_STUCK": (
        "The work was taken up again, and its outcome was checked in BlueCherry Alder UK first."
    ),
    "LOCATION_MISSING": "Division and warehouse are valid: 10/LEE.",
    "MAPPING_REGRESSION": "Another version is in force, or the exceptions are gone.",
    "MESSAGE_NOT_SENT": ("“Test message from Returnsbridge” was taken at Operations room."),
    "NOTIFY_FAILED": "ReturnGO Alder Counters has the note.",
    "NOT_ARRIVED": "The goods are received.",
    "OFF_PLATFORM_REFUND": "A return was opened that the refund belongs to.",
    "OUTCOME_UNKNOWN": "Linked by hand as ",
    "OUT_OF_ORDER": "Return 4999 arrived, and both messages were applied in order.",
    "OVER_RETURN": (f"£20.00 {AGREED}; credit memo not read back yet: held"),
    "PAYLOAD_INVALID": "A later message about the same return was read.",
    "PERIOD_CLOSED": "The posting date is in an open period.",
    "PLACE_UNMAPPED": "An active mapping says which bucket “dock 9” is.",
    "PREMATURE_RESTOCK": (
        "The goods are inspected, or they are on no receipt in a place that sells."
    ),
    "PROMISE_BREACH": "ReturnGO Alder Outlet shows the refund, or the replacement is released.",
    "PROMO_SKU": (
        "Its SKU leads to an active item; GIFT-TOTE is a gift without an item, as agreed:"
        " nothing is booked for it."
    ),
    "QTY_OVER": "Every unit on the receipts of Prima Alder FR is announced by the return.",
    "QTY_SHORT": (
        "The missing units are on a receipt of Prima Alder FR, or ReturnGO Alder FR says "
        "that they were not returned."
    ),
    "QUARANTINE_AGED": "The units have another final disposition, or are booked out of quarantine.",
    "QUOTE_CHANGED": (
        f"£3.95 {AGREED}; credit memo CM000014 read back "
        "26 May 2026, 13:17; Return authorisation RA000011; Stock receipt RCV000009"
    ),
    "RATE_LIMITED": "ReturnGO Alder Counters takes calls again and nothing waits past its time.",
    "REASON_UNMAPPED": "Every return reason is mapped.",
    "RECEIPT_NOT_POSTED": (
        "BlueCherry Alder UK shows the stock receipt on read-back, with the same units."
    ),
    "RECEIVED_NOT_CREDITED": (
        "The credit of return RMA6701 has left for BlueCherry Alder Counters. Its "
        "read-back is watched for itself."
    ),
    "RECEIVED_NOT_REFUNDED": "ReturnGO Alder Outlet shows a refund for return RMA6014.",
    "REFUND_BEFORE_RECEIPT": "The goods are received.",
    "REFUND_CM_MISMATCH": (f"−£5.00 {AGREED}; credit memo not read back yet: held"),
    "REFUND_NO_CM": "BlueCherry Alder Home shows the credit memo of return RMA6104 on read-back.",
    "REFUND_OVER_LINE": (f"£3.20 {AGREED}; credit memo not read back yet: held"),
    "RESTOCK_LATE": "BlueCherry Alder UK confirmed the receipt of the units.",
    "RETRY_EXHAUSTED": "BlueCherry Alder UK shows the document on read-back.",
    "ROUNDING_RESIDUE": "The month is over, or its budget was raised.",
    "SCHEMA_CHANGED": (
        "The last returns read from ReturnGO Alder Outlet have the form of those before them."
    ),
    "SILENT_SUCCESS": "Read-back shows the document equal to what was sent.",
    "SKU_AMBIGUOUS": "Its SKU leads to an active item.",
    "SKU_INACTIVE": "Its SKU leads to an active item.",
    "SKU_UNKNOWN": "Its SKU leads to an active item.",
    "SO_LINK_MISSING": "Sales order SO-19999 is linked.",
    "STATUS_DRIFT": (
        "BlueCherry Alder Outlet has every document of return RMA6016, or ReturnGO Alder "
        "Outlet opened it again."
    ),
    "STATUS_UNMAPPED": "An active mapping for “OnHold” is in force.",
    "STEP_UNSUPPORTED": "The connection can take the document, or the policy does not want it.",
    "TAX_CODE_MISMATCH": "Credit and order have the same tax codes.",
    "TAX_PRORATA": "Refund 16.67 agrees with the credit within 0.50.",
    "TENDER_SPLIT": (f"−£5.00 {AGREED}; credit memo not read back yet: held"),
    "TENDER_UNMAPPED": (
        "An active mapping gives “voucherly” a payment method of Brightpearl Alder DE."
    ),
    "VARIANT_CHANGED": "SKU BOWL-OLD leads to the item of the order’s line.",
    "VAT_SETTING": "VAT setting of the customer is covered: reverse_charge.",
    "WAREHOUSE_UNMAPPED": "Division and warehouse are valid: 10/HUL.",
    "WRONG_DEPOT": "The depot of the receipt is the one that the mapping names.",
    "WRONG_ITEM": "The receipts name what the return announced.",
}
# A person decided these; the decision is kept with the exception.
BY_HAND = {"DUPLICATE_SIGNAL", "FILE_UNREADABLE"}
