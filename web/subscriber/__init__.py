"""What subscribers see: a few pages behind links, without login and without script.

It reaches the consent service through `consent.client` and `consent.contract` alone, and knows nothing of
flows: these pages answer while the engine is down.
"""
