"""Where calls may go: a receiver's name is looked up for each connection, and what it stands for is judged.

A name that leads into the network in which Virta runs would let whoever controls that name reach machines
that trust their neighbours (server-side request forgery; OWASP API7:2023).
"""

import asyncio
import ipaddress
import socket

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052


_NOT_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in (
        # the standard library's tables follow the registries of IANA, with years between
        "192.0.0.0/24",  # protocol assignments (RFC 6890); some clouds answer their machines here
        "192.88.99.0/24",  # relays from IPv6 to IPv4, given up (RFC 7526)
        "168.63.129.16/32",  # what one cloud answers each of its machines with
        "::/96",  # IPv4 in IPv6, given up (RFC 4291, 2.5.5.1)
        "::ffff:0:0:0/96",  # the same, for translators (RFC 2765)
        "64:ff9b:1::/48",  # translators within a network (RFC 8215)
        "3fff::/20",  # documentation (RFC 9637)
        "5f00::/16",  # segments of a network's own routes (RFC 9602)
        "fec0::/10",  # a site's own, given up (RFC 3879)
    )
)


class NotAllowed(Exception):
    """The receiver stands where no call may go."""


async def look_up(host: str, port: int, private: bool) -> str:
    """The address to connect to. `private` lets calls go into private networks and to this machine. Raises
    `NotAllowed`, and `OSError` for a name that is not found."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    allowed = [address for address in addresses if private or is_public(address)]
    if not allowed:
        raise NotAllowed(f"{host} stands for {', '.join(addresses)}")
    return allowed[0]


def is_public(address: str) -> bool:
    """Whether an address is one of the open Internet, also where it is wrapped into another."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:  # with a zone: an address of this link
        return False
    return all(_is_open(each) for each in (found, *_within(found)))


def _is_open(address: Address) -> bool:
    return (
        address.is_global
        and not address.is_multicast
        and not any(address in network for network in _NOT_PUBLIC)
    )


def _within(address: Address) -> list[Address]:
    """The IPv4 addresses that an IPv6 address carries."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    carried: list[Address | None] = [address.ipv4_mapped, address.sixtofour]
    if address.teredo is not None:
        carried += address.teredo
    if address in _NAT64:
        carried.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [each for each in carried if each is not None]
