"""What events tell of people and can be made to forget."""

from keys.models import AuditAddress, Member


def forget_addresses_of(member: Member) -> int:
    """No event tells any more where `member` was or from where their keys may be used; how many addresses went.

    The marks stay, so the chain verifies as before. Exports that were made before still have them.
    """
    return AuditAddress.objects.filter(of=member).delete()[0]
