"""Asking addresses that somebody typed, without asking this machine's own neighbours."""

import asyncio
import ipaddress
import socket

import httpx

_UNICAST = ipaddress.IPv6Network("2000::/3")


async def pin(request: httpx.Request) -> bool:
    """Send the request to the address that was looked at, so that a second look-up cannot change it. False where the
    name leads, also only once, to a network that is not public."""
    host = request.url.host
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(entry[4][0])) for entry in found]
    if not addresses or not all(_is_public(address) for address in addresses):
        return False
    # The name stays in the Host header, and in the certificate that is asked for.
    request.extensions["sni_hostname"] = request.url.raw_host.decode("ascii")
    request.url = request.url.copy_with(host=str(addresses[0]))
    return True


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """IPv6 gives its public addresses out of one network. Some of them only wrap an IPv4 address (6to4)."""
    if isinstance(address, ipaddress.IPv6Address) and (address not in _UNICAST or address.sixtofour is not None):
        return False
    return address.is_global and not address.is_multicast
