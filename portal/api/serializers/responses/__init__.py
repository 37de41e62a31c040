"""What operations answer, as serializers, by resource.

They describe answers and do not render them: `portal.api.normalization` mends what Pumble sends, field by field, and
passes on what it does not know. More fields than these may come; clients ignore those they do not know.
"""
