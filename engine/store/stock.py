"""Listed codes of coupons: which are free. Each is given once, whichever coupon's list has it."""

import hashlib
from collections.abc import Sequence

from sqlalchemy import bindparam, false, literal_column, select, true, update
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.store import schema as t
from engine.store.statement import Driver, Statement


def offer(driver: Driver, coupon: str, codes: Sequence[str]) -> None:
    """Make the list of a coupon be `codes`: new ones are added behind the others, those that it has no more
    are not given any more."""
    digest = hashlib.sha256("\n".join(codes).encode()).hexdigest()
    known = _DIGEST.first(driver, coupon)
    if known is not None and known[0] == digest:
        return
    last = _LAST.first(driver, coupon)
    place = 1 if last is None else last[0] + 1
    _WITHDRAW.run(driver, False, coupon)
    _ADD.run_many(
        driver, [(code, coupon, number, True, False) for number, code in enumerate(codes, start=place)]
    )
    _GIVEN_BEFORE.run(driver, True, coupon)
    _DIGEST_PUT.run(driver, coupon, digest)


def free(driver: Driver, coupon: str, limit: int) -> list[str]:
    """The first codes that can be given, in the order of the list."""
    return [code for (code,) in _FREE.rows(driver, coupon, limit)]


def give(driver: Driver, code: str) -> None:
    """It is given, and free for nobody else."""
    _GIVE.run(driver, True, code)


_code = t.listed_code.c
_DIGEST = Statement(select(t.code_list.c.digest).where(t.code_list.c.coupon == bindparam("coupon_")))
_digest_put = upsert(t.code_list)
_DIGEST_PUT = Statement(
    _digest_put.on_conflict_do_update(index_elements=["coupon"], set_={"digest": _digest_put.excluded.digest})
)
_LAST = Statement(
    select(_code.place)
    .where(_code.coupon == bindparam("coupon_"))
    .order_by(_code.place.desc())
    .limit(literal_column("1"))
)
_WITHDRAW = Statement(
    update(t.listed_code).values(offered=bindparam("offered_")).where(_code.coupon == bindparam("coupon_"))
)
_add = upsert(t.listed_code)
_ADD = Statement(
    _add.on_conflict_do_update(index_elements=["code", "coupon"], set_={"offered": _add.excluded.offered})
)
_GIVEN_BEFORE = Statement(
    update(t.listed_code)
    .values(given=bindparam("given_"))
    .where(_code.coupon == bindparam("coupon_"), _code.code.in_(select(t.coupon.c.code)))
)
_FREE = Statement(
    select(_code.code)
    .where(
        _code.coupon == bindparam("coupon_"),
        _code.offered == true(),
        _code.given == false(),
    )
    .order_by(_code.place)
    .limit(bindparam("limit"))
)
_GIVE = Statement(
    update(t.listed_code).values(given=bindparam("given_")).where(_code.code == bindparam("code_"))
)
