"""The consent service as the world meets it: within limits, and alike for everybody.

Whatever takes an address from somebody who need not be its owner goes through `Fronted.alike`, so that
neither what is answered nor when tells whether the address is known.
"""

from collections.abc import Callable
from functools import partial

from consent.address import Address, read_address
from consent.app.limits import Admission, Admitted
from consent.app.pace import Pace
from consent.client.operating import Operating
from consent.contract import Crowded, SignUp, Visit
from consent.ledger.transaction import Writing
from consent.service import Service
from consent.store.statement import Statement
from consent.store.tables import facts
from consent.subscriber import moving, signup


class Fronted(Operating):
    """The client that answers the world. Without a `pace` it answers as soon as it can, which tells by time
    who is known."""

    def __init__(self, service: Service, admission: Admission, pace: Pace | None = None) -> None:
        super().__init__(service)
        self.admission = admission
        self._pace = pace

    async def sign_up(self, request: SignUp) -> None:
        """See `ConsentClient`. Raises `Crowded` too."""
        address = read_address(request.email)
        # what came by a key is the shop's own to count: all its visitors ask from its machine
        ip = request.visit.ip if request.shown else ""
        await self.alike(address, ip, lambda tx: signup.sign_up(tx, address, request))

    async def ask_to_move(self, token: str, email: str, visit: Visit) -> None:
        """See `ConsentClient`. Raises `Crowded` too."""
        address = read_address(email)
        await self.alike(address, visit.ip, lambda tx: moving.ask_to_move(tx, token, address, visit))

    async def alike(self, address: Address, ip: str, work: Callable[[Writing], object]) -> None:
        """Do `work` with an address that somebody at `ip` (empty: they are not counted) has entered, in a
        transaction of its own. Nobody can tell by the answer what is known of the address, by its time
        neither, nor whether more was asked of it than is taken: then the work is passed over. Only what
        `work` raises without looking at the address may be raised by it. Raises `Crowded`, `Unavailable`;
        what failed does not count among what is taken."""
        admitted = self.admission.admit(address.folded, ip)
        if not admitted.yes and not admitted.quietly:
            raise Crowded(admitted.seconds)
        doing = self._do(work if admitted.yes else _pass_over, admitted)
        await (doing if self._pace is None else self._pace.keep(doing))

    async def _do(self, work: Callable[[Writing], object], admitted: Admitted) -> None:
        done = False
        try:
            await self._write(partial(_written, work))
            done = True
        finally:
            if not done:
                self.admission.give_back(admitted)


_WRITE = Statement(facts.insert().values(name="wish", value=b""))
_TAKE_OUT = Statement(facts.delete().where(facts.c.name == "wish"))


def _written(work: Callable[[Writing], object], tx: Writing) -> None:
    """Work that writes nothing is synced all the same, and fails all the same where the disk is full: with
    each, a row goes in and out again."""
    work(tx)
    _WRITE.run(tx.driver)
    _TAKE_OUT.run(tx.driver)


def _pass_over(tx: Writing) -> None:
    """It waits its turn all the same."""
