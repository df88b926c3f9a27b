"""Where calls may go: into the open Internet, and nowhere else unless that is allowed."""

import pytest

from engine.calls.destination import NotAllowed, is_public, look_up

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",  # where clouds keep the keys of their machines
        "100.64.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2002:c0a8:101::1",
        "2001:0:7f00:1::",
        "64:ff9b:1::a00:1",  # a translator of one's own network
        "::7f00:1",
        "::ffff:0:127.0.0.1",
        "::ffff:0:0a00:1",
        "fec0::1",
        "3fff::1",
        "5f00::1",
        "192.88.99.1",
        "192.0.0.192",  # where clouds keep the keys of their machines, too
        "168.63.129.16",
        "::ffff:168.63.129.16",
        "64:ff9b::a83f:8110",
        "crm.example",
    ],
)
def test_addresses_of_private_networks_are_not_public(address: str) -> None:
    """Nor are those of this machine, of the link, of documentation; nor any of them in a wrapping."""
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "93.184.215.14",
        "168.63.129.17",
        "2606:4700:4700::1111",
        "2a00::1",
        "::ffff:1.1.1.1",
        "64:ff9b::101:101",
        "2002:101:101::1",
    ],
)
def test_addresses_of_the_internet_are(address: str) -> None:
    """As they are."""
    assert is_public(address)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "0x7f.1", "2130706433", "::1"])
async def test_a_name_is_judged_by_what_it_stands_for(host: str) -> None:
    """Whichever way it is spelled."""
    with pytest.raises(NotAllowed):
        await look_up(host, 443, private=False)


async def test_where_it_is_allowed_calls_go_to_this_machine() -> None:
    """In development, and where the settings say so."""
    assert await look_up("127.0.0.1", 443, private=True) == "127.0.0.1"


async def test_a_name_that_is_not_found_is_a_fault_of_the_network() -> None:
    """It may be found later."""
    with pytest.raises(OSError):
        await look_up("nobody.invalid", 443, private=False)
