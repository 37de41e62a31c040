"""The headers that keep a browser safe. They stand on every answer, also on those that Django never hears of."""

from django.conf import settings

_POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
# Swagger UI's stylesheet has its icons as data.
POLICY_OF_THE_REFERENCE = f"{_POLICY}; img-src 'self' data:"

_NOT_NEEDED = (
    "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "geolocation", "gyroscope",
    "magnetometer", "microphone", "midi", "payment", "picture-in-picture", "publickey-credentials-get",
    "screen-wake-lock", "usb", "xr-spatial-tracking",
)  # fmt: skip

SAFE = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _NOT_NEEDED),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
if settings.PUBLIC_URL.startswith("https://"):
    # Not for subdomains and not preloaded: the other hosts of a company are not ours to decide about.
    SAFE["Strict-Transport-Security"] = "max-age=31536000"

# What is said to a program where there is no view; no cache may keep it.
SAFE_AND_FRESH = SAFE | {"Cache-Control": "no-store"}
