"""What was not possible, in words a person can read. Doors translate these; nothing else does."""


class DeskError(Exception):
    """Something an act could not do; `str()` is fit for the screen."""


class PostingNotClaimable(DeskError):
    """Someone else has the posting, or it is not due."""


class PostingSuperseded(DeskError):
    """The lease was lost to another worker; the late write was refused by the fence."""


class PostingNotRetryable(DeskError):
    """The posting is not in a state from which it may be sent again."""


class CaseAlreadyClosed(DeskError):
    """The exception was closed meanwhile."""


class CaseChanged(DeskError):
    """Another was faster, or the facts are others than those shown; the text says who and when."""


class CauseChanged(DeskError):
    """The causes are not grouped as they were shown; nothing was moved."""


class FixNotAllowed(DeskError):
    """The change is not allowed here, or to this person."""


class FixAlreadyDecided(DeskError):
    """The request was approved, refused or taken back meanwhile."""


class InvalidChoice(DeskError):
    """A value given is not one we can use; the text says which and what would do."""


class InDoubt(InvalidChoice):
    """Something speaks against it, and nobody said that they want it all the same.

    `told` is what speaks against it, for a page; the text also says how a program asks for it.
    """

    def __init__(self, told: str) -> None:
        super().__init__(f"{told} Say in_spite if you want it all the same.")
        self.told = told


class FileUnfit(DeskError):
    """A file that came is readable and does not fit what we know; nothing of it was taken in."""


class ConnectionChanged(DeskError):
    """The connection is not as it was shown, or another took its code; nothing was saved."""


class MappingChanged(DeskError):
    """The mapping in force, or the change asked for, is not what was shown; nothing was saved."""


class NameTaken(DeskError):
    """A saved view of this name exists already."""


class ConnectionUnusable(DeskError):
    """The connection is inactive or its secrets cannot be read."""


class BodyTooLarge(DeskError):
    """A message from outside exceeds the size we take in."""


class ProofTooOld(DeskError):
    """Whoever sends this has not proved lately who they are."""

    def __init__(self) -> None:
        super().__init__(
            "Nothing was saved: it is too long since you proved who you are. Open Your account in "
            "another tab, choose Confirm that it is you, then save again. Type credentials anew."
        )


class InvitationOver(DeskError):
    """The link was used, replaced or has expired."""

    def __init__(self) -> None:
        super().__init__("This link was used, replaced by a newer one, or has expired.")


class InvalidCase(DeskError):
    """A case to be computed cannot be: `field` names the place, the text the reason."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason


class QuoteHeld(DeskError):
    """Another quote promises the same units; the text names it and until when."""


class QuoteKeyTaken(DeskError):
    """The idempotency key was used for another request."""


class QuoteNotReplaceable(DeskError):
    """The quote to be replaced stands no longer, or binds a return already."""


class ErpNotReadable(DeskError):
    """The ERP could not be asked now; nothing was changed, and the same may be asked later."""


class EvidenceMissing(DeskError):
    """A file of evidence cannot be given back; the text says why."""
