"""What many people do, put to use for one of them."""
