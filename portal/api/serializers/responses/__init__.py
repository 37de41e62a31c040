"""Serializers that describe the responses of operations, by resource.

They do not render responses: `portal.api.normalization` fills in Pumble's objects and passes unknown fields on.
"""
