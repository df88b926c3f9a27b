"""The queue gives each subject one mail at a time, in order, and takes mails back."""

from office import item

from engine.delivery.queue import Item, Queue

ANNA, BERTA = "a" * 32, "b" * 32


def queue_of(*items: Item) -> Queue:
    queue = Queue()
    for one in items:
        queue.put(one)
    return queue


def test_mails_of_one_subject_go_one_after_another() -> None:
    """The second waits until the first is over; other subjects do not."""
    first, second, other = item(ANNA), item(ANNA), item(BERTA)
    queue = queue_of(first, second, other)
    assert queue.take(0, 10) == [first, other]
    assert queue.take(0, 10) == []
    queue.done(first)
    assert queue.take(0, 10) == [second]
    queue.done(second)
    queue.done(other)
    assert len(queue) == 0


def test_limit_and_order_hold() -> None:
    """The oldest go first, so many as were asked for."""
    items = [item(f"{number:032x}") for number in range(5)]
    queue = queue_of(*items)
    assert queue.take(0, 2) == items[:2]
    assert queue.take(0, 0) == []
    assert queue.take(0, 9) == items[2:]


def test_mail_that_must_wait_is_not_given_before() -> None:
    """Neither at first nor when it comes again; meanwhile the next one of its subject may go."""
    first, second = item(ANNA), item(ANNA)
    queue = Queue()
    queue.put(first, 100)
    assert queue.next_due() == 100
    assert queue.take(99, 1) == []
    assert queue.take(100, 1) == [first]
    queue.put(second)
    assert queue.take(100, 1) == []
    queue.again(first, 500)
    assert queue.take(100, 1) == [second]
    queue.done(second)
    assert queue.next_due() == 500
    assert queue.take(500, 1) == [first]


def test_key_stands_once() -> None:
    """A mail that is queued or on its way is not queued again; one that is over may be."""
    mail = item(ANNA)
    queue = queue_of(mail, mail)
    assert queue.take(0, 10) == [mail]
    queue.put(mail)
    assert queue.take(0, 10) == []
    queue.done(mail)
    assert mail.key not in queue
    queue.put(mail)
    assert queue.take(0, 10) == [mail]


def test_mail_is_taken_back_only_before_it_is_on_its_way() -> None:
    """Waiting, held behind another, or to come again: all can be taken back, each once."""
    first, held, again = item(ANNA), item(ANNA), item(BERTA)
    queue = queue_of(first, held, again)
    assert queue.take(0, 10) == [first, again]
    assert not queue.cancel(first.key)
    assert queue.cancel(held.key)
    assert not queue.cancel(held.key)
    queue.again(again, 50)
    assert queue.cancel(again.key)
    queue.done(first)
    assert queue.take(1000, 10) == []
    assert len(queue) == 0


def test_mail_taken_back_and_put_again_goes_once() -> None:
    """What is left of the first putting does not make a second mail."""
    old, new = item(ANNA, key="c" * 32), item(ANNA, key="c" * 32)
    queue = queue_of(old)
    assert queue.cancel(old.key)
    queue.put(new)
    assert queue.take(0, 10) == [new]
    queue.done(new)
    assert queue.take(0, 10) == []


def test_mail_of_an_earlier_life_that_comes_again_is_known() -> None:
    """It was never taken here, but it is in the queue afterwards and can be taken back."""
    mail, other = item(ANNA), item(ANNA)
    queue = queue_of(other)
    assert queue.take(0, 1) == [other]
    queue.again(mail, 0)
    assert mail.key in queue
    assert queue.take(0, 1) == [], "the subject has another mail on its way"
    assert queue.cancel(mail.key)


def test_mail_called_back_on_its_way_goes_no_second_time() -> None:
    """Its journey was left while the server had it; when the server defers it, it is over."""
    queue = Queue()
    mail = item("anna")
    queue.put(mail)
    assert queue.take(0, 10) == [mail]
    assert not queue.cancel(mail.key), "it may be with the server by now"
    assert not queue.again(mail, 60_000)
    assert mail.key not in queue
    assert queue.next_due() is None
    queue.put(other := item("anna"))
    assert queue.take(0, 10) == [other], "the person is free for other mail"
