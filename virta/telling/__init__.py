"""What is told of people: who they are to the consent service, and where they stand."""
