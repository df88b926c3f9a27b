"""What a marketer sees while trying a project out: pages for this machine only, which only read."""
