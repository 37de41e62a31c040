"""Say why a host cannot be reached."""

import socket
import ssl

from django.utils.translation import gettext_noop as _

SECONDS = 5  # the deadline of each request


def explain(error: BaseException) -> tuple[str, str, str]:
    """Return a message with the value `host`, a cure, and a reason of the library's own or ""."""
    for cause in _causes(error):
        match cause:
            case ssl.SSLCertVerificationError():
                return (
                    _("The certificate of %(host)s is refused: %(reason)s."),
                    _("Install a valid certificate, with its intermediate certificates, for this name."),
                    cause.verify_message,
                )
            case ssl.SSLError():
                return (
                    _("%(host)s does not speak TLS as expected: %(reason)s."),
                    _("Check the port, and the TLS settings of the reverse proxy."),
                    cause.reason or type(cause).__name__,
                )
            case socket.gaierror():
                return (
                    _("The name %(host)s cannot be resolved."),
                    _("Check the name, its DNS record and the DNS server of this machine."),
                    "",
                )
            case ConnectionRefusedError():
                return (
                    _("%(host)s refuses the connection."),
                    _("Check that the service runs, the port, and the firewall."),
                    "",
                )
            case TimeoutError():
                return (
                    _("%(host)s does not answer in time."),
                    _("Check that the service runs, and that this machine may connect to it."),
                    "",
                )
    return (
        _("%(host)s cannot be reached: %(reason)s."),
        _("Check that the service runs, and that this machine may connect to it."),
        type(list(_causes(error))[-1]).__name__,
    )


def _causes(error: BaseException | None) -> list[BaseException]:
    """Return the error and what caused it, the first cause first."""
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.insert(0, error)
        error = error.__cause__ or error.__context__
    return chain
